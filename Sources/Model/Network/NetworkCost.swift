/// Multiply-adds per pixel of the parts of a network, counted from its layers.
package struct NetworkCost: Sendable, Equatable {
  /// Pixels to latents.
  package let encoder: Double
  /// The conditional prior over all phases; both sides run it.
  package let prior: Double
  /// A level's transform at its widest, one way: the encoder runs both ways, the decoder one.
  package let transform: Double
  /// The prediction of the levels' distortions.
  package let predictor: Double
  /// Latents to pixels.
  package let decoder: Double

  /// All that an encode runs: encoder, predictor, prior, transforms both ways.
  package var encoding: Double { encoder + predictor + prior + 2 * transform }
  /// All that a decode runs: prior, transform, decoder.
  package var decoding: Double { prior + transform + decoder }
}

extension PointwiseLayer {
  /// Multiply-adds per position.
  var multiplyAdds: Int { inputs * outputs }
}

extension Pointwise {
  /// Multiply-adds per position.
  var multiplyAdds: Int { inputs * outputs }
}

extension [Block] {
  /// Multiply-adds per position of all blocks.
  var multiplyAdds: Int { reduce(0) { $0 + $1.spatialMultiplyAdds + $1.pointwiseMultiplyAdds } }
}

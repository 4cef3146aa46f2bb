import Bitstream

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// Predicts from the energies of the linear path's latents what distortion each level would leave at every position.
struct PredictorNetwork: Sendable {
  private let mixIn: Pointwise
  private let depthwise: any PreparedDepthwise
  private let mixOut: Pointwise
  /// [phases, channels]: later phases have more decoded neighbours to be predicted from.
  private let phase: [Float]
  private let slope: Float
  private let head: Pointwise

  init(
    _ c: ModelConfiguration, from file: Safetensors, engine: any LayerEngine
  ) throws(ModelError) {
    mixIn = try Pointwise(
      PointwiseLayer(
        "predictor.mix_in", inputs: c.latents, outputs: c.predictor, from: file,
        negativeSlope: c.slope), engine: engine)
    depthwise = try engine.prepare(
      DepthwiseLayer("predictor.depthwise", channels: c.predictor, from: file))
    mixOut = try Pointwise(
      PointwiseLayer(
        "predictor.mix_out", inputs: c.predictor, outputs: c.predictor, from: file),
      engine: engine)
    phase = try file.floats(
      "predictor.phase", shape: [CodingPhase.allCases.count, c.predictor])
    slope = c.slope
    head = try Pointwise(
      PointwiseLayer("predictor.head", inputs: c.predictor, outputs: c.levels.count, from: file),
      engine: engine)
  }

  /// Multiply-adds per pixel.
  var cost: Double {
    Double(
      mixIn.multiplyAdds + 9 * mixIn.layer.outputs + mixOut.multiplyAdds + head.multiplyAdds) / 256
  }

  /// Natural logarithms of mean squared errors [h, w, levels] from latents [h, w, latents].
  func callAsFunction(_ latents: Tensor) throws(ModelError) -> Tensor {
    var energies = latents
    for k in energies.values.indices {
      energies.values[k] = 0.25 * logf(latents.values[k] * latents.values[k] + 1e-3)
    }
    var h = try mixOut(try depthwise.run(try mixIn(energies)))
    for phase in CodingPhase.allCases {
      let bias = phase.rawValue * h.channels
      for position in phase.positions(rows: h.rows, columns: h.columns) {
        for c in 0..<h.channels {
          let value = h.values[position * h.channels + c] + self.phase[bias + c]
          h.values[position * h.channels + c] = value < 0 ? slope * value : value
        }
      }
    }
    return try head(h)
  }
}

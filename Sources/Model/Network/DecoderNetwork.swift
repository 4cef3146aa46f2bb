/// From latents to pixels.
struct DecoderNetwork: Sendable {
  private let skip: Pointwise
  private let stem: Pointwise
  private let level: LevelScale
  private let coarse: [Block]
  private let up: Pointwise
  private let fine: [Block]
  private let head: Pointwise

  init(_ c: ModelConfiguration, from file: Safetensors, engine: any LayerEngine) throws(ModelError)
  {
    // The skip path is trained as basis * spread; at inference the two are one matrix.
    let spread = try file.floats("decoder.spread", shape: [c.latents])
    var basis = try file.floats("decoder.skip.weight", shape: [768, c.latents])
    for k in basis.indices { basis[k] *= spread[k % c.latents] }
    skip = try Pointwise(
      PointwiseLayer(
        inputs: c.latents, outputs: 768, weights: basis,
        bias: try file.floats("decoder.skip.bias", shape: [768]), precise: true), engine: engine)
    stem = try Pointwise(
      PointwiseLayer("decoder.stem", inputs: c.latents, outputs: c.coarse, from: file),
      engine: engine)
    level = try LevelScale(
      "decoder.level", levels: c.levels.count, channels: c.coarse, from: file)
    coarse = try makeBlocks(
      "decoder.coarse", count: c.decoderCoarse, channels: c.coarse, c, from: file, engine: engine)
    up = try Pointwise(
      PointwiseLayer("decoder.up", inputs: c.coarse, outputs: 4 * c.fine, from: file),
      engine: engine)
    fine = try makeBlocks(
      "decoder.fine", count: c.decoderFine, channels: c.fine, c, from: file, engine: engine)
    head = try Pointwise(
      PointwiseLayer("decoder.head", inputs: c.fine, outputs: 192, from: file), engine: engine)
  }

  /// Multiply-adds per pixel.
  var cost: Double {
    Double(skip.multiplyAdds + stem.multiplyAdds + coarse.multiplyAdds + up.multiplyAdds) / 256
      + Double(fine.multiplyAdds + head.multiplyAdds) / 64
  }

  /// Latents [h/16, w/16, latents] -> pixels [h, w, 3] in about -1...1.
  func callAsFunction(_ latents: Tensor, levels: [UInt8]) throws(ModelError) -> Tensor {
    var h = level(try stem(latents), levels: levels)
    for block in coarse { h = try block(h) }
    h = try up(h).shuffled(2)
    for block in fine { h = try block(h) }
    var pixels = try head(h).shuffled(8)
    let linear = try skip(latents).shuffled(16)
    pixels.values.withUnsafeMutableBufferPointer { sum in
      linear.values.withUnsafeBufferPointer { term in
        for k in 0..<sum.count { sum[k] += term[k] }
      }
    }
    return pixels
  }
}

/// From pixels to latents.
struct EncoderNetwork: Sendable {
  private let skip: Pointwise
  private let stem: Pointwise
  private let fine: [Block]
  private let down: Pointwise
  private let level: LevelScale
  private let coarse: [Block]
  private let head: Pointwise

  init(_ c: ModelConfiguration, from file: Safetensors, engine: any LayerEngine) throws(ModelError)
  {
    skip = try Pointwise(
      PointwiseLayer("encoder.skip", inputs: 768, outputs: c.latents, from: file, precise: true),
      engine: engine)
    stem = try Pointwise(
      PointwiseLayer("encoder.stem", inputs: 192, outputs: c.fine, from: file), engine: engine)
    fine = try makeBlocks(
      "encoder.fine", count: c.encoderFine, channels: c.fine, c, from: file, engine: engine)
    down = try Pointwise(
      PointwiseLayer("encoder.down", inputs: 4 * c.fine, outputs: c.coarse, from: file),
      engine: engine)
    level = try LevelScale(
      "encoder.level", levels: c.levels.count, channels: c.coarse, from: file)
    coarse = try makeBlocks(
      "encoder.coarse", count: c.encoderCoarse, channels: c.coarse, c, from: file, engine: engine)
    head = try Pointwise(
      PointwiseLayer(
        "encoder.head", inputs: c.coarse, outputs: c.latents, from: file, accumulate: true),
      engine: engine)
  }

  /// Multiply-adds per pixel.
  var cost: Double {
    Double(skip.multiplyAdds + down.multiplyAdds + coarse.multiplyAdds + head.multiplyAdds) / 256
      + Double(stem.multiplyAdds + fine.multiplyAdds) / 64
  }

  /// The part that does not depend on the levels, from pixels [h, w, 3].
  func features(_ pixels: Tensor) throws(ModelError) -> EncoderFeatures {
    var h = try stem(pixels.unshuffled(8))
    for block in fine { h = try block(h) }
    h = h.unshuffled(2)
    return EncoderFeatures(
      nonlinear: try down(h), linear: try skip(pixels.unshuffled(16)))
  }

  /// Latents [h/16, w/16, latents].
  func callAsFunction(_ features: EncoderFeatures, levels: [UInt8]) throws(ModelError) -> Tensor {
    var h = level(features.nonlinear, levels: levels)
    for block in coarse { h = try block(h) }
    var latents = features.linear
    try head.add(h, to: &latents)
    return latents
  }
}

/// What the encoder computes once for all levels.
public struct EncoderFeatures: Sendable {
  /// [h/16, w/16, coarse]
  let nonlinear: Tensor
  /// The linear path's latents, [h/16, w/16, latents].
  let linear: Tensor
}

func makeBlocks(
  _ name: String, count: Int, channels: Int, _ c: ModelConfiguration, from file: Safetensors,
  engine: any LayerEngine
) throws(ModelError) -> [Block] {
  var blocks: [Block] = []
  for k in 0..<count {
    blocks.append(
      try Block("\(name).\(k)", channels: channels, slope: c.slope, from: file, engine: engine))
  }
  return blocks
}

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

  /// A decoder for a grid of this many columns.
  func stream(columns: Int) -> Stream { Stream(self, columns: columns) }

  /// Takes rows of latents from above to below and gives rows of pixels as soon as they are known.
  struct Stream {
    private let network: DecoderNetwork
    private var coarse: BlockChain
    private var fine: BlockChain
    /// What the linear path makes of rows of pixels that the blocks have not come to.
    private var linear: TensorRows

    init(_ network: DecoderNetwork, columns: Int) {
      self.network = network
      coarse = BlockChain(
        network.coarse, columns: columns, channels: network.stem.outputs)
      fine = BlockChain(
        network.fine, columns: 2 * columns, channels: network.head.inputs)
      linear = TensorRows(columns: Network.stride * columns, channels: 3)
    }

    /// Latents [n, w/16, latents] -> pixels [m, w, 3] in about -1...1: in all 16 times as many rows, after the last ones
    /// all of them.
    mutating func push(
      _ latents: Tensor, levels: [UInt8], isLast: Bool
    ) throws(ModelError) -> Tensor {
      var h = try coarse.push(
        network.level(try network.stem(latents), levels: levels), isLast: isLast)
      h = try fine.push(try network.up(h).shuffled(2), isLast: isLast)
      linear.append(try network.skip(latents).shuffled(16))
      var pixels = try network.head(h).shuffled(8)
      let start = linear.rows.lowerBound
      linear.withValues { term in
        pixels.values.withUnsafeMutableBufferPointer { sum in
          for k in 0..<sum.count { sum[k] += term[k] }
        }
      }
      linear.drop(before: start + pixels.rows)
      return pixels
    }
  }
}

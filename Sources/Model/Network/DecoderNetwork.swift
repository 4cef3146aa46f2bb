internal import CGQKernels

/// From latents to pixels.
struct DecoderNetwork: Sendable {
  private let skip: LinearPath
  private let stem: Pointwise
  private let level: LevelScale
  private let coarse: [Block]
  private let up: Pointwise
  private let fine: [Block]
  private let head: Pointwise
  /// What is added to the linear path's pixels is left out, 8 x 8 pixels at a time, where it is larger than about this.
  private let correctionBound: Float?
  private let pool: WorkerPool

  init(
    _ c: ModelConfiguration, tuning: Int, from file: Safetensors, pool: WorkerPool
  ) throws(ModelError) {
    self.pool = pool
    correctionBound = c.decoderBound
    skip =
      c.hasCosines
      ? .synthesis(try CosineTransform(from: file, pool: pool))
      : .matrix(Pointwise(try Self.matrix(c, from: file), pool: pool))
    stem = Pointwise(
      try IntegerLayer("decoder.stem", inputs: c.latents, outputs: c.coarse, from: file),
      pool: pool)
    level = try LevelScale(
      "decoder.level", channels: c.coarse, c, tuning: tuning, from: file)
    coarse = try makeBlocks(
      "decoder.coarse", count: c.decoderCoarse, channels: c.coarse, c, from: file, pool: pool)
    up = Pointwise(
      try IntegerLayer("decoder.up", inputs: c.coarse, outputs: 4 * c.fine, from: file),
      pool: pool)
    fine = try makeBlocks(
      "decoder.fine", count: c.decoderFine, channels: c.fine, c, from: file, pool: pool)
    head = Pointwise(
      try IntegerLayer("decoder.head", inputs: c.fine, outputs: 192, from: file), pool: pool)
  }

  /// The learned linear path: trained as basis * spread, here one matrix.
  private static func matrix(
    _ c: ModelConfiguration, from file: Safetensors
  ) throws(ModelError) -> PointwiseLayer {
    let spread = try file.floats("decoder.spread", shape: [c.latents])
    var basis = try file.floats("decoder.skip.weight", shape: [768, c.latents])
    for k in basis.indices { basis[k] *= spread[k % c.latents] }
    return PointwiseLayer(
      inputs: c.latents, outputs: 768, weights: basis,
      bias: try file.floats("decoder.skip.bias", shape: [768]))
  }

  /// What the blocks add to the linear path's pixels, 8 x 8 side by side.
  private func correction(_ h: Tensor) -> Tensor {
    let correction = head(h)
    guard let correctionBound else { return correction }
    return TensorSlice(correction).withValues { values in
      let values = Disjoint(values)
      let length = correction.channels
      return Tensor(
        rows: correction.positionCount, columns: 1, channels: length, pool: pool
      ) { row, target in
        guard let base = values.value.baseAddress else { return }
        target.update(repeating: 0, count: length)
        gq_add_bounded(target, base + row * length, length, correctionBound)
      }
    }.reshaped(rows: correction.rows, columns: correction.columns)
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
    /// What the linear path makes of rows of positions that the blocks have not come to, 16 x 16 pixels side by side.
    private var linear: TensorRows
    /// Rows of pixels that were given.
    private var given = 0

    init(_ network: DecoderNetwork, columns: Int) {
      self.network = network
      coarse = BlockChain(
        network.coarse, columns: columns, channels: network.stem.outputs)
      fine = BlockChain(
        network.fine, columns: 2 * columns, channels: network.head.inputs)
      linear = TensorRows(columns: columns, channels: network.skip.outputs)
    }

    /// Latents [n, w/16, latents] -> pixels [m, w, 3] in about -1...1: in all 16 times as many rows, after the last ones
    /// all of them.
    mutating func push(
      _ latents: TensorSlice, levels: [UInt8], isLast: Bool
    ) -> Tensor {
      let pool = network.pool
      let stem = network.stem(latents)
      var h = coarse.push(
        network.level(TensorSlice(stem), levels: levels, pool), isLast: isLast)
      h = fine.push(network.up(h).shuffled(2, pool), isLast: isLast)
      network.skip.append(latents, to: &linear)
      let pixels = sum(network.correction(h))
      given += pixels.rows
      linear.drop(before: given / Network.stride)
      return pixels
    }

    /// Pixels from what the blocks made of 8 x 8 pixels each, plus the linear path's.
    private func sum(_ fine: Tensor) -> Tensor {
      let (small, large) = (8, Network.stride)
      let (first, given) = (linear.rows.lowerBound * large, given)
      let columns = linear.columns
      return TensorSlice(fine).withValues { fine in
        linear.withValues { coarse in
          let sources = (Disjoint(fine), Disjoint(coarse))
          return Tensor(
            rows: fine.count / (columns * 2 * 3 * small), columns: large * columns, channels: 3,
            pool: network.pool
          ) { row, target in
            guard let fine = sources.0.value.baseAddress, let coarse = sources.1.value.baseAddress
            else { return }
            let (fineRow, fineLine) = row.quotientAndRemainder(dividingBy: small)
            let (coarseRow, coarseLine) = (given + row - first).quotientAndRemainder(
              dividingBy: large)
            let length = 3 * small
            for column in 0..<2 * columns {
              let place = fineRow * 2 * columns + column
              (target + column * length).update(
                from: fine + (place * small + fineLine) * length, count: length)
            }
            for column in 0..<columns {
              let place = coarseRow * columns + column
              gq_add(
                target + column * 2 * length, coarse + (place * large + coarseLine) * 2 * length,
                2 * length)
            }
          }
        }
      }
    }
  }
}

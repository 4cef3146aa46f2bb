internal import CGQKernels

/// From latents to pixels.
struct DecoderNetwork: Sendable {
  private let cosines: CosineTransform
  private let stem: Pointwise
  private let level: LevelScale
  private let coarse: [Block]
  private let up: Pointwise
  private let fine: [Block]
  private let head: Pointwise
  /// What is added to the linear skip connection's pixels, 8 x 8 at a time.
  private let correction: Correction
  /// What the blocks at 1/8 see of the linear skip connection's pixels, added to what comes from those at 1/16.
  private let pixels: Pointwise
  private let pool: WorkerPool

  init(
    _ c: ModelConfiguration, _ cosines: CosineTransform, tuning: Int, from file: Safetensors,
    pool: WorkerPool
  ) throws(ModelError) {
    self.pool = pool
    self.cosines = cosines
    correction = try Correction("decoder", bound: c.decoderBound, c, tuning: tuning, from: file)
    pixels = Pointwise(
      try IntegerLayer(
        "decoder.pixels", inputs: 192, outputs: c.fine, from: file, accumulate: true),
      pool: pool)
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

  /// What the blocks add to the linear skip connection's pixels, 8 x 8 side by side.
  ///
  /// - Parameters:
  ///   - h: what the blocks at 1/8 gave.
  ///   - levels: of the positions from the one on whose upper (0) or lower (1) half the first row belongs to.
  ///   - first: 0 or 1.
  private func corrections(_ h: Tensor, levels: [UInt8], startingAt first: Int) -> Tensor {
    let terms = head(h)
    return TensorSlice(terms).withValues { values in
      let values = Disjoint(values)
      let (columns, length) = (terms.columns, terms.channels)
      return Tensor(rows: terms.rows, columns: columns, channels: length, pool: pool) {
        row, target in
        guard let base = values.value.baseAddress else { return }
        target.update(repeating: 0, count: columns * length)
        for column in 0..<columns {
          correction.add(
            base + (row * columns + column) * length,
            level: levels[(first + row) / 2 * (columns / 2) + column / 2], count: length,
            to: target + column * length)
        }
      }
    }
  }

  /// What the blocks at 1/8 are given: from those at 1/16 and from the same positions' pixels, 16 x 16 side by side.
  private func fineInput(_ h: Tensor, _ linear: TensorSlice) -> Tensor {
    var result = up(h).shuffled(2, pool)
    let count = result.positionCount
    TensorSlice(linear.quartered(pool)).withValues { input in
      result.values.withUnsafeMutableBufferPointer {
        pixels.run(input, into: $0, positions: count)
      }
    }
    return result
  }

  /// Multiply-adds per pixel.
  var cost: Double {
    Double(cosines.multiplyAdds + stem.multiplyAdds + coarse.multiplyAdds + up.multiplyAdds) / 256
      + Double(fine.multiplyAdds + head.multiplyAdds + pixels.multiplyAdds) / 64
  }

  /// A decoder for a grid of this many columns.
  func stream(columns: Int, outside: OutsidePositions?) -> Stream {
    Stream(self, columns: columns, outside: outside)
  }

  /// Takes rows of latents from above to below and gives rows of pixels as soon as they are known.
  struct Stream {
    private let network: DecoderNetwork
    private var coarse: BlockChain
    private var fine: BlockChain
    /// What the linear skip connection makes of rows of positions that the blocks have not come to, 16 x 16 pixels side by side.
    private var linear: TensorRows
    /// Rows of pixels that were given.
    private var given = 0
    /// Rows of positions that the blocks at 1/8 were given.
    private var entered = 0
    /// Levels of the positions whose pixels were not given.
    private var levels: [UInt8] = []

    init(_ network: DecoderNetwork, columns: Int, outside: OutsidePositions?) {
      self.network = network
      coarse = BlockChain(
        network.coarse, columns: columns, channels: network.stem.outputs, outside: outside)
      fine = BlockChain(
        network.fine, columns: 2 * columns, channels: network.head.inputs, outside: outside)
      linear = TensorRows(columns: columns, channels: CosineTransform.count)
    }

    /// Latents [n, w/16, latents] -> pixels [m, w, 3] in about -1...1: in all 16 times as many rows, after the last ones
    /// all of them.
    mutating func push(
      _ latents: TensorSlice, levels: [UInt8], isLast: Bool
    ) -> Tensor {
      let pool = network.pool
      let scaled = TensorSlice(latents.scaled(network.cosines.root, pool))
      var h = coarse.push(
        network.level(TensorSlice(network.stem(scaled)), levels: levels, pool), isLast: isLast)
      network.cosines.synthesize(latents, to: &linear)
      self.levels += levels
      let rows = entered..<entered + h.rows
      entered = rows.upperBound
      h = fine.push(network.fineInput(h, linear.slice(rows)), isLast: isLast)
      // An odd number of rows at 1/8 may be known: the other half of a position's comes with the next ones.
      let half = given / 8 % 2
      let pixels = sum(network.corrections(h, levels: self.levels, startingAt: half))
      let before = given / Network.stride
      given += pixels.rows
      linear.drop(before: given / Network.stride)
      self.levels.removeFirst((given / Network.stride - before) * linear.columns)
      return pixels
    }

    /// Pixels from what the blocks made of 8 x 8 pixels each, plus the linear skip connection's.
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

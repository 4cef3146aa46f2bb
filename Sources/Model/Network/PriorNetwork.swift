import GQBitstream

/// Predicts the latents of a phase from the levels and from the decoded latents of the phases before it.
struct PriorNetwork: Sendable {
  private let channels: Int
  /// Latents whose means are predicted; those of the others are 0.
  private let leading: Int
  /// What the head gives as means.
  private let correction: Correction
  /// What latents are multiplied with before they enter.
  private let inputScale: [Float]
  private let width: Int
  private let stem: Pointwise
  /// [phases, phases, channels]: what is known of a position, for each phase being coded.
  private let state: [Float]
  private let level: LevelScale
  private let blocks: [Block]
  private let head: Pointwise
  private let pool: WorkerPool

  init(
    _ c: ModelConfiguration, _ table: LevelTable, _ cosines: CosineTransform, tuning: Int,
    from file: Safetensors, pool: WorkerPool
  ) throws(ModelError) {
    self.pool = pool
    channels = c.prior
    leading = c.leading
    inputScale = cosines.root
    correction = try Correction(
      nil, bound: c.meanBound, factors: inputScale.prefix(c.leading).map { 1 / $0 }, c,
      tuning: tuning, from: file)
    width = table.width
    stem = Pointwise(
      try IntegerLayer("prior.stem", inputs: c.latents, outputs: c.prior, from: file), pool: pool)
    state = try file.floats("prior.state", shape: [4, 4, c.prior])
    level = try LevelScale("prior.level", channels: c.prior, c, tuning: tuning, from: file)
    blocks = try makeBlocks(
      "prior.blocks", count: c.priorBlocks, channels: c.prior, c, from: file, pool: pool)
    head = Pointwise(
      try IntegerLayer("prior.head", inputs: c.prior, outputs: c.leading + table.width, from: file),
      pool: pool)
  }

  /// Multiply-adds per pixel: each phase runs all blocks everywhere, but for the pointwise part of the last, which
  /// runs on a quarter, as the head does. The features of three phases enter.
  var cost: Double {
    let everywhere = blocks.multiplyAdds - blocks[blocks.count - 1].pointwiseMultiplyAdds
    let once = blocks[blocks.count - 1].pointwiseMultiplyAdds + head.multiplyAdds
    return Double(CodingPhase.allCases.count * everywhere + once) / 256
      + 0.75 * Double(stem.multiplyAdds) / 256
  }

  /// What decoded latents [1, n, latents] contribute to later predictions, [1, n, channels].
  func features(_ decoded: Tensor) -> Tensor {
    stem(TensorSlice(decoded).scaled(inputScale, pool))
  }

  /// Rows and columns around a position that its prediction depends on.
  var reach: Int { blocks.count }

  /// What is predicted for the positions of a phase.
  struct Prediction {
    /// Of the leading latents, [n, leading].
    var mean: [Float]
    /// Logarithms of the coefficients' scales, before they are bounded, [n, width].
    let scale: [Float]
    /// The last block's features, [n, 1, channels].
    let features: Tensor
  }

  /// What is predicted for the positions of `phase` in some rows of a grid.
  ///
  /// - Parameters:
  ///   - features: of every position that was coded before `phase`; others are not looked at. Of the rows, and of `reach`
  ///     or all rows on either side of them. The first row must be an even one of the grid.
  ///   - levels: of the same positions.
  ///   - phase: what is predicted.
  ///   - inner: the rows that are wanted, as rows of `features`.
  ///   - outside: of the same positions.
  func callAsFunction(
    _ features: TensorSlice, levels: ArraySlice<UInt8>, phase: CodingPhase, inner: Range<Int>,
    outside: OutsidePositions?
  ) -> Prediction {
    let columns = features.columns
    var chain = BlockChain(
      Array(blocks.dropLast()), columns: columns, channels: channels, outside: outside)
    var lastStream = BlockStream(
      blocks[blocks.count - 1], columns: columns, channels: channels, outside: outside)
    var (last, outputs): ([Tensor], [Tensor]) = ([], [])
    // A few rows at a time, so that only these need memory.
    let step = Network.rowsPerPush(columns: columns)
    for first in stride(from: 0, to: features.rows, by: step) {
      let rows = first..<min(features.rows, first + step)
      let isLast = rows.upperBound == features.rows
      let chosen = lastStream.push(
        chain.push(input(features, rows, levels, phase), isLast: isLast), isLast: isLast
      ) { known in
        phase.positions(rows: known.clamped(to: inner), columns: columns)
          .map { $0 - known.lowerBound * columns }
      }
      if let chosen {
        last.append(chosen)
        outputs.append(head(chosen))
      }
    }
    let (mean, scale) = split(outputs)
    return Prediction(
      mean: mean, scale: scale,
      features: Tensor(
        joining: last.map { $0.reshaped(rows: $0.positionCount, columns: 1) }, columns: 1,
        channels: channels))
  }

  /// Means and scales from what the head gave.
  private func split(_ outputs: [Tensor]) -> (mean: [Float], scale: [Float]) {
    let count = outputs.reduce(0) { $0 + $1.positionCount }
    let (latents, width) = (leading, width)
    var mean: [Float] = []
    let scale = [Float](unsafeUninitializedCapacity: count * width) { scales, scaleCount in
      scaleCount = count * width
      mean = [Float](unsafeUninitializedCapacity: count * latents) { means, meanCount in
        meanCount = count * latents
        guard let scaleBase = scales.baseAddress, let meanBase = means.baseAddress else { return }
        let targets = (Disjoint(scaleBase), Disjoint(meanBase))
        var first = 0
        for output in outputs {
          let before = first
          TensorSlice(output).withValues { values in
            guard let base = values.baseAddress else { return }
            let source = Disjoint(base)
            pool.forEachPart(of: output.positionCount, length: 64) { part in
              for k in part {
                let from = source.value + k * (latents + width)
                let means = targets.1.value + (before + k) * latents
                means.update(repeating: 0, count: latents)
                correction.add(from, level: 0, count: latents, to: means)
                let scales = targets.0.value + (before + k) * width
                scales.update(from: from + latents, count: width)
              }
            }
          }
          first += output.positionCount
        }
      }
    }
    return (mean, scale)
  }

  /// What the blocks see of some rows.
  private func input(
    _ features: TensorSlice, _ rows: Range<Int>, _ levels: ArraySlice<UInt8>, _ phase: CodingPhase
  ) -> Tensor {
    let columns = features.columns
    return features[rows].withValues { values in
      let values = Disjoint(values)
      return Tensor(rows: rows.count, columns: columns, channels: channels, pool: pool) {
        row, target in
        guard let base = values.value.baseAddress else { return }
        state.withUnsafeBufferPointer { state in
          guard let state = state.baseAddress else { return }
          for column in 0..<columns {
            let other = CodingPhase(row: rows.lowerBound + row, column: column)
            let table = phase.rawValue * CodingPhase.allCases.count + other.rawValue
            let position = row * columns + column
            let place = levels.startIndex + rows.lowerBound * columns + position
            level.apply(
              levels[place],
              to: other.rawValue < phase.rawValue ? base + position * channels : nil,
              shiftedBy: state + table * channels, target + column * channels)
          }
        }
      }
    }
  }
}

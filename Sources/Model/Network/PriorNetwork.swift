import Bitstream

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// Predicts the latents of a phase from the levels and from the decoded latents of the phases before it.
struct PriorNetwork: Sendable {
  private let channels: Int
  private let latents: Int
  private let width: Int
  private let scaleBound: Float
  private let stem: Pointwise
  /// [phases, phases, channels]: what is known of a position, for each phase being coded.
  private let state: [Float]
  private let level: LevelScale
  private let blocks: [Block]
  private let head: Pointwise

  init(
    _ c: ModelConfiguration, _ table: LevelTable, from file: Safetensors, engine: any LayerEngine
  ) throws(ModelError) {
    channels = c.prior
    latents = c.latents
    width = table.width
    scaleBound = c.scaleBound
    stem = try Pointwise(
      PointwiseLayer("prior.stem", inputs: c.latents, outputs: c.prior, from: file), engine: engine)
    state = try file.floats("prior.state", shape: [4, 4, c.prior])
    level = try LevelScale("prior.level", levels: c.levels.count, channels: c.prior, from: file)
    blocks = try makeBlocks(
      "prior.blocks", count: c.priorBlocks, channels: c.prior, c, from: file, engine: engine)
    head = try Pointwise(
      PointwiseLayer("prior.head", inputs: c.prior, outputs: c.latents + table.width, from: file),
      engine: engine)
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
  func features(_ decoded: Tensor) throws(ModelError) -> Tensor { try stem(decoded) }

  /// Rows and columns around a position that its prediction depends on.
  var reach: Int { blocks.count }

  /// For the positions of `phase` in some rows of a grid the mean of the latents, [n, latents], and the logarithmic scale
  /// of the coefficients, [n, width].
  ///
  /// - Parameters:
  ///   - features: at every position coded before its features, elsewhere zeros; of the rows, and of `reach` or all rows
  ///     on either side of them. The first row must be an even one of the grid.
  ///   - levels: of the same positions.
  ///   - phase: what is predicted.
  ///   - inner: the rows that are wanted, as rows of `features`.
  func callAsFunction(
    _ features: Tensor, levels: [UInt8], phase: CodingPhase, inner: Range<Int>
  ) throws(ModelError) -> (mean: [Float], logScale: [Float]) {
    let columns = features.columns
    let last = blocks[blocks.count - 1]
    var chain = BlockChain(Array(blocks.dropLast()), columns: columns, channels: channels)
    var lastStream = BlockStream(last, columns: columns, channels: channels)
    var mean: [Float] = []
    var logScale: [Float] = []
    let count = phase.positions(rows: inner, columns: columns).count
    mean.reserveCapacity(count * latents)
    logScale.reserveCapacity(count * width)
    // A few rows at a time, so that only these need memory.
    let step = Network.rowsPerPush(columns: columns)
    for first in stride(from: 0, to: features.rows, by: step) {
      let rows = first..<min(features.rows, first + step)
      let isLast = rows.upperBound == features.rows
      let input = try input(features, rows, levels, phase)
      let chosen = try lastStream.push(
        try chain.push(input, isLast: isLast), isLast: isLast
      ) { known in
        phase.positions(rows: known.clamped(to: inner), columns: columns)
          .map { $0 - known.lowerBound * columns }
      }
      guard let chosen else { continue }
      let output = try head(chosen)
      for k in 0..<chosen.positionCount {
        let start = k * (latents + width)
        mean += output.values[start..<start + latents]
        for value in output.values[start + latents..<start + latents + width] {
          logScale.append(scaleBound * tanhf(value / scaleBound))
        }
      }
    }
    return (mean, logScale)
  }

  /// What the blocks see of some rows.
  private func input(
    _ features: Tensor, _ rows: Range<Int>, _ levels: [UInt8], _ phase: CodingPhase
  ) throws(ModelError) -> Tensor {
    let columns = features.columns
    var h = features.slice(rows)
    h.values.withUnsafeMutableBufferPointer { values in
      for row in rows {
        for column in 0..<columns {
          let other = CodingPhase(row: row, column: column)
          let table = (phase.rawValue * CodingPhase.allCases.count + other.rawValue) * channels
          let start = ((row - rows.lowerBound) * columns + column) * channels
          for c in 0..<channels { values[start + c] += state[table + c] }
        }
      }
    }
    return level(h, levels: Array(levels[rows.lowerBound * columns..<rows.upperBound * columns]))
  }
}

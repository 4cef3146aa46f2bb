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
    let (rows, columns) = (features.rows, features.columns)
    var h = features
    for other in CodingPhase.allCases {
      let table = (phase.rawValue * CodingPhase.allCases.count + other.rawValue) * channels
      for position in other.positions(rows: rows, columns: columns) {
        for c in 0..<channels { h.values[position * channels + c] += state[table + c] }
      }
    }
    h = level(h, levels: levels)
    for block in blocks.dropLast() { h = try block(h) }
    let positions = phase.positions(rows: inner, columns: columns)
    let last = blocks[blocks.count - 1]
    let spatial = try last.spatial(h)
    h = try last.pointwise(h.gathered(positions), spatial.gathered(positions))
    let output = try head(h)
    var mean: [Float] = []
    var logScale: [Float] = []
    mean.reserveCapacity(positions.count * latents)
    logScale.reserveCapacity(positions.count * width)
    for k in 0..<positions.count {
      let start = k * (latents + width)
      mean += output.values[start..<start + latents]
      logScale += output.values[start + latents..<start + latents + width].map {
        scaleBound * tanhf($0 / scaleBound)
      }
    }
    return (mean, logScale)
  }
}

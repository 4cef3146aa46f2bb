import Bitstream
import GaussianQuant
import Model

extension LatentCoder {
  /// The decoder's input from the segments of a file, nil for those that are lost. Inverse of `Encoding`.
  ///
  /// Lost coefficients are zero, so that latents are what the prior expects; in the first phase, in which it knows
  /// nothing of the picture, latents are drawn from intact positions around.
  func decode(_ segments: [[UInt8]?]) throws -> Tensor {
    var result = TensorRows(columns: grid.columns, channels: network.configuration.latents)
    try decode(segments, conceals: true) { result.append($0) }
    return result[0..<grid.rows]
  }

  /// The same row by row, from above to below.
  ///
  /// - Parameters:
  ///   - segments: of the file. Only those of tiles in `window` are looked at.
  ///   - window: the part of the grid to decode; nil for all of it. Latents are those of the whole grid as far as the
  ///     window holds what they depend on.
  ///   - conceals: whether nil stands for lost segments.
  ///   - bandPositions: about as many positions are worked on at a time.
  ///   - body: called with rows of latents, [rows, columns of the window, latents].
  func decode(
    _ segments: [[UInt8]?], window: GridWindow? = nil, conceals: Bool,
    bandPositions: Int = LatentCoder.bandPositions, _ body: (Tensor) throws -> Void
  ) throws {
    let lost = conceals ? lostPositions(segments) : []
    let hasLost = lost.contains(true)
    let window = window ?? GridWindow(grid)
    precondition(!hasLost || window == GridWindow(grid))
    let columns = window.columns.count
    var walk = LatentWalk(
      network: network, rows: window.rows.count, columns: columns,
      levels: window.cropped(levels, gridColumns: grid.columns),
      // What is lost is made up from all of a phase at once.
      bandRows: hasLost ? nil : bandRows(positions: bandPositions, columns: columns))
    var values = TileValues(self, segments, window.columns)
    while !walk.isFinished {
      let latents = try walk.advance(
        correct: { prediction, latents in
          guard hasLost, prediction.phase == .first else { return }
          Concealment(grid: grid, lost: lost).fill(&latents, prediction.positions)
        }
      ) { prediction in
        let width = network.levels.width
        var chosen: [Float] = []
        chosen.reserveCapacity(prediction.positions.count * width)
        for place in prediction.positions {
          let (row, column) = place.quotientAndRemainder(dividingBy: columns)
          try values.append(
            row: window.rows.lowerBound + row, column: window.columns.lowerBound + column,
            to: &chosen)
        }
        if hasLost {
          for (k, position) in prediction.positions.enumerated() where lost[position] {
            for c in 0..<width { chosen[k * width + c] = 0 }
          }
        }
        return shrunk(chosen, prediction)
      }
      if let latents {
        try body(latents)
        values.drop(rows: latents.rows)
      }
    }
  }

  /// For every position whether its codes are lost; where nothing is sent nothing can be.
  private func lostPositions(_ segments: [[UInt8]?]) -> [Bool] {
    var lost = [Bool](repeating: false, count: grid.positionCount)
    for (segment, bytes) in zip(packing.layout.segments, segments) where bytes == nil {
      for position in packing.layout.positions(of: segment, gridColumns: packing.columns) {
        lost[position] = network.levels.bits[Int(levels[position])] > 0
      }
    }
    return lost
  }
}

/// The codeword values of tiles, a row of tiles at a time.
private struct TileValues {
  private let coder: LatentCoder
  private let segments: [[UInt8]?]
  /// Columns of positions that are asked for.
  private let columns: Range<Int>
  /// By row of tiles.
  private var held: [Int: TensorRows] = [:]
  private var firstRow: Int?

  init(_ coder: LatentCoder, _ segments: [[UInt8]?], _ columns: Range<Int>) {
    self.coder = coder
    self.segments = segments
    self.columns = columns
  }

  /// Adds the values [width] of a position.
  mutating func append(row: Int, column: Int, to values: inout [Float]) throws {
    if firstRow == nil { firstRow = row }
    let tileRow = row / coder.packing.layout.tileRows
    if held[tileRow] == nil { held[tileRow] = try decoded(tileRow) }
    guard let rows = held[tileRow] else { return }
    let range = rows.range(row * rows.columns + column - columns.lowerBound)
    rows.withValues { values += $0[range] }
  }

  /// Forgets what lies above so many rows after those forgotten before.
  mutating func drop(rows: Int) {
    guard let first = firstRow else { return }
    firstRow = first + rows
    let tileRow = (first + rows) / coder.packing.layout.tileRows
    for old in held.keys where old < tileRow { held[old] = nil }
  }

  /// The values [rows, columns, width] of a row of tiles.
  private func decoded(_ tileRow: Int) throws -> TensorRows {
    let layout = coder.packing.layout
    let gridColumns = coder.grid.columns
    let tiles = layout.tiles(row: tileRow, columns: columns)
    let rows = layout.tiles[tiles.lowerBound].rows
    let base = rows.lowerBound * gridColumns
    var codes = [[UInt32]](repeating: [], count: rows.count * gridColumns)
    for tile in tiles {
      for segment in layout.segments(ofTile: tile) {
        try coder.packing.unpack(layout.segments[segment], segments[segment]) {
          codes[$0 - base] = $1
        }
      }
    }
    let width = coder.network.levels.width
    var result = TensorRows(columns: columns.count, channels: width, first: rows.lowerBound)
    result.extend(to: rows.upperBound)
    var states = [UInt32](repeating: 0, count: tiles.count)
    for phase in CodingPhase.allCases {
      if layout.order == .phases { states = Array(repeating: 0, count: tiles.count) }
      let positions = tiles.flatMap {
        layout.tiles[$0].positions(of: phase, gridColumns: gridColumns)
      }
      let values = coder.quantizer.decode(
        positions.map { codes[$0 - base] }, levels: positions.map { coder.levels[$0] },
        tiles: coder.packing.tiles(tiles, of: phase, positions: positions), states: &states)
      for (k, position) in positions.enumerated() {
        let (row, column) = position.quotientAndRemainder(dividingBy: gridColumns)
        guard columns.contains(column) else { continue }
        result.store(
          values[k * width..<(k + 1) * width],
          at: row * columns.count + column - columns.lowerBound)
      }
    }
    return result
  }
}

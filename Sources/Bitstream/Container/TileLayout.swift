/// Where the bits of each tile are in the file.
///
/// Everything follows from header, rate table, level map and order: nothing has to be read to find anything else.
package struct TileLayout: Sendable, Equatable {
  /// A rectangle of positions that is coded on its own.
  package struct Tile: Sendable, Equatable {
    /// Rows of positions.
    package let rows: Range<Int>
    /// Columns of positions.
    package let columns: Range<Int>
    /// Bits of all its positions.
    package let bitCount: Int

    /// The positions of a phase in the order of their bits, as row-major numbers in a grid of `gridColumns`.
    package func positions(of phase: CodingPhase, gridColumns: Int) -> [Int] {
      let firstRow = rows.lowerBound + (rows.lowerBound + phase.rowOffset) % 2
      let firstColumn = columns.lowerBound + (columns.lowerBound + phase.columnOffset) % 2
      return stride(from: firstRow, to: rows.upperBound, by: 2).flatMap { row in
        stride(from: firstColumn, to: columns.upperBound, by: 2).map { row * gridColumns + $0 }
      }
    }
  }

  /// Bits that stand together behind one checksum: a tile, or a phase of a tile.
  package struct Segment: Sendable, Equatable {
    /// Number of the tile in `tiles`.
    package let tile: Int
    /// The phases whose bits it holds, one after the other.
    package let phases: [CodingPhase]
    /// Bits of the path's start and of all its positions; none when the positions have none.
    package let bitCount: Int
    /// Offset of its first byte, its checksum, from the start of the chunk's payload.
    package fileprivate(set) var offset: Int

    /// Bytes of the packed bits.
    package var dataByteCount: Int { (bitCount + 7) / 8 }
    /// Bytes in all: none when there are no bits, else the checksum's four and the packed bits.
    package var byteCount: Int { bitCount == 0 ? 0 : 4 + dataByteCount }
  }

  /// Bits of the state that a trellis path begins in, which stand before a segment's codes.
  package static let startBits = 8

  /// The order of the file.
  package let order: CodeOrder
  /// Tiles from left to right, then from top to bottom.
  package let tiles: [Tile]
  /// What has a checksum of its own, in the order of the file.
  package let segments: [Segment]
  /// Bytes of all segments.
  package let byteCount: Int
  /// In divided pictures the segments that stand together for a row of tiles within a block, in the order of the file.
  private let runs: [Run]

  /// Segments that an index tells the bytes of.
  private struct Run: Sendable, Equatable {
    let segments: Range<Int>
    let byteCount: Int
  }

  /// Rows of positions of a tile, but for the last ones.
  package let tileRows: Int
  /// Tiles from left to right.
  private let tilesPerRow: Int

  /// The layout of a file.
  package init(
    header: Header, rateTable: RateTable, levelMap: LevelMap, order: CodeOrder = .tiles
  ) {
    precondition(levelMap.columns == header.columns && levelMap.rows == header.rows)
    let side = 1 << header.tileExponent
    var tiles: [Tile] = []
    // [tile][phase]
    var phaseBits: [[Int]] = []
    for top in Swift.stride(from: 0, to: levelMap.rows, by: side) {
      for left in Swift.stride(from: 0, to: levelMap.columns, by: side) {
        let rows = top..<min(top + side, levelMap.rows)
        let columns = left..<min(left + side, levelMap.columns)
        var bits = [0, 0, 0, 0]
        for row in rows {
          for column in columns {
            bits[CodingPhase(row: row, column: column).rawValue] +=
              rateTable.bits[Int(levelMap.levels[row * levelMap.columns + column])]
          }
        }
        tiles.append(Tile(rows: rows, columns: columns, bitCount: bits.reduce(0, +)))
        phaseBits.append(bits)
      }
    }
    var segments: [Segment] = []
    var offset = 0
    for phases in order.phaseGroups {
      for tile in tiles.indices {
        let bits = phases.reduce(0) { $0 + phaseBits[tile][$1.rawValue] }
        let segment = Segment(
          tile: tile, phases: phases, bitCount: bits > 0 ? Self.startBits + bits : 0, offset: offset
        )
        segments.append(segment)
        offset += segment.byteCount
      }
    }
    self.order = order
    tileRows = side
    tilesPerRow = (levelMap.columns + side - 1) / side
    self.tiles = tiles
    self.segments = segments
    byteCount = offset
    let blocks = GridBlocks(of: header)
    runs = blocks.isDivided ? Self.runs(of: segments, tiles, blocks) : []
  }

  /// Segments that follow each other in a row of tiles within a block.
  private static func runs(
    of segments: [Segment], _ tiles: [Tile], _ blocks: GridBlocks
  ) -> [Run] {
    func place(_ segment: Int) -> (row: Int, block: Int) {
      let tile = tiles[segments[segment].tile]
      return (tile.rows.lowerBound, blocks.column(of: tile.columns.lowerBound))
    }
    var runs: [Run] = []
    var first = 0
    for segment in 1...segments.count
    where segment == segments.count || place(segment) != place(segment - 1) {
      let bytes = segments[first..<segment].reduce(0) { $0 + $1.byteCount }
      runs.append(Run(segments: first..<segment, byteCount: bytes))
      first = segment
    }
    return runs
  }

  /// The chunk up to its segments: type, length, in divided pictures the index.
  var chunkHead: [UInt8] {
    guard runs.isEmpty else {
      var index: [UInt8] = []
      for run in runs { index.appendVarint(UInt64(run.byteCount)) }
      return IndexedChunk.head(
        type: order.chunkType, index: index, partBytes: byteCount, isDivided: true)
    }
    var bytes = [order.chunkType]
    bytes.appendVarint(UInt64(byteCount))
    return bytes
  }

  /// Reads the chunk's head at the cursor, and goes behind the chunk.
  ///
  /// - Parameters:
  ///   - implied: the layout that the level map implies.
  ///   - isKnown: whether the levels of a rectangle are known; nil where all are. What other tiles take the index tells.
  ///   - isWhole: whether all segments must be there.
  /// - Returns: The layout, and where its first segment stands.
  /// - Throws: `BitstreamError` when the chunk is not what the level map implies.
  static func parse(
    _ cursor: inout ByteCursor, implied: TileLayout, isKnown: ((GridRectangle) -> Bool)?,
    isWhole: Bool = true
  ) throws(BitstreamError) -> (layout: TileLayout, start: Int) {
    let (start, name) = (cursor.offset, "indices")
    guard !implied.runs.isEmpty else {
      _ = try cursor.byte("chunk type")
      let length = try cursor.size("length of the \(name)", limit: Int.max)
      guard length == implied.byteCount else {
        throw .invalidValue(
          what: "length of the \(name)", offset: start + 1, found: "\(length)",
          expected: "\(implied.byteCount), which the level map implies")
      }
      let first = cursor.offset
      _ = try cursor.slice(length, name)
      return (implied, first)
    }
    let chunk = try IndexedChunk(parsing: &cursor, isDivided: true, limit: Int.max, what: name)
    var counts: [Int] = []
    var total = 0
    for run in implied.runs {
      let offset = cursor.offset
      let count = try cursor.size("length of a row of tiles", limit: Int.max)
      let tile = implied.tiles[implied.segments[run.segments.lowerBound].tile]
      guard
        count == run.byteCount
          || isKnown?(GridRectangle(rows: tile.rows, columns: tile.columns)) == false
      else {
        throw .invalidValue(
          what: "length of a row of tiles", offset: offset, found: "\(count)",
          expected: "\(run.byteCount), which the level map implies")
      }
      let (sum, overflow) = total.addingReportingOverflow(count)
      guard !overflow else {
        throw .invalidValue(
          what: "length of a row of tiles", offset: offset, found: "\(count)", expected: "less")
      }
      total = sum
      counts.append(count)
    }
    try chunk.endIndex(&cursor, name)
    let first = cursor.offset
    let end = try chunk.end(first: first, partBytes: total, name)
    if isWhole { _ = try cursor.slice(end - first, name) }
    return (isKnown == nil ? implied : TileLayout(implied, runBytes: counts), first)
  }

  /// A layout whose runs take other bytes than their tiles are known to.
  private init(_ other: TileLayout, runBytes: [Int]) {
    order = other.order
    tiles = other.tiles
    tileRows = other.tileRows
    tilesPerRow = other.tilesPerRow
    var segments = other.segments
    var moved: [Run] = []
    var offset = 0
    for (run, byteCount) in zip(other.runs, runBytes) {
      let shift = offset - other.segments[run.segments.lowerBound].offset
      for segment in run.segments { segments[segment].offset += shift }
      moved.append(Run(segments: run.segments, byteCount: byteCount))
      offset += byteCount
    }
    self.segments = segments
    byteCount = offset
    runs = moved
  }

  /// The positions of a segment in the order of their bits, as row-major numbers in a grid of `gridColumns`.
  package func positions(of segment: Segment, gridColumns: Int) -> [Int] {
    segment.phases.flatMap { tiles[segment.tile].positions(of: $0, gridColumns: gridColumns) }
  }

  /// Numbers of the segments that hold a tile's bits.
  package func segments(ofTile tile: Int) -> [Int] {
    stride(from: tile, to: segments.count, by: tiles.count).map { $0 }
  }

  /// Numbers of the segments that hold a phase of some tiles.
  package func segments(of tiles: Range<Int>, _ phase: CodingPhase) -> Range<Int> {
    guard order == .phases else { return tiles }
    let first = phase.rawValue * self.tiles.count
    return first + tiles.lowerBound..<first + tiles.upperBound
  }

  /// Numbers of the tiles in a row of tiles that have any of these columns of positions.
  package func tiles(row: Int, columns: Range<Int>) -> Range<Int> {
    let first = row * tilesPerRow
    return first + columns.lowerBound / tileRows..<first + (columns.upperBound - 1) / tileRows + 1
  }

  /// Numbers of all tiles in the rows of tiles that hold positions, row-major numbers in a grid of `gridColumns`, rising.
  package func tiles(of positions: some BidirectionalCollection<Int>, gridColumns: Int) -> Range<
    Int
  > {
    guard let first = positions.first, let last = positions.last else { return 0..<0 }
    let rows = first / gridColumns / tileRows..<last / gridColumns / tileRows + 1
    return rows.lowerBound * tilesPerRow..<rows.upperBound * tilesPerRow
  }
}

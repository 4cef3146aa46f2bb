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
    package let offset: Int

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

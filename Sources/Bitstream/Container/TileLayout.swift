/// Where the bits of each tile are in the file.
///
/// Everything follows from header, ladder and level map: nothing has to be read to find anything else.
public struct TileLayout: Sendable, Equatable {
  /// A rectangle of positions whose bits stand together.
  public struct Tile: Sendable, Equatable {
    /// Rows of positions.
    public let rows: Range<Int>
    /// Columns of positions.
    public let columns: Range<Int>
    /// Bits of all its positions.
    public let bitCount: Int
    /// Offset of the tile's first byte, its checksum, from the start of the index chunk's payload.
    public let offset: Int

    /// Bytes of the packed bits.
    public var dataByteCount: Int { (bitCount + 7) / 8 }
    /// Bytes in all: none when there are no bits, else the checksum's four and the packed bits.
    public var byteCount: Int { bitCount == 0 ? 0 : 4 + dataByteCount }

    /// The positions of a phase in the order of their bits, as row-major numbers in a grid of `gridColumns`.
    public func positions(of phase: CodingPhase, gridColumns: Int) -> [Int] {
      let firstRow = rows.lowerBound + (rows.lowerBound + phase.rowOffset) % 2
      let firstColumn = columns.lowerBound + (columns.lowerBound + phase.columnOffset) % 2
      return stride(from: firstRow, to: rows.upperBound, by: 2).flatMap { row in
        stride(from: firstColumn, to: columns.upperBound, by: 2).map { row * gridColumns + $0 }
      }
    }
  }

  /// Tiles from left to right, then from top to bottom.
  public let tiles: [Tile]
  /// Bytes of all tiles.
  public let byteCount: Int

  /// The layout of a file.
  public init(header: Header, ladder: LevelLadder, levelMap: LevelMap) {
    precondition(levelMap.columns == header.columns && levelMap.rows == header.rows)
    let side = 1 << header.tileExponent
    var tiles: [Tile] = []
    var offset = 0
    for top in Swift.stride(from: 0, to: levelMap.rows, by: side) {
      for left in Swift.stride(from: 0, to: levelMap.columns, by: side) {
        let rows = top..<min(top + side, levelMap.rows)
        let columns = left..<min(left + side, levelMap.columns)
        var bits = 0
        for row in rows {
          for column in columns {
            bits += ladder.bits[Int(levelMap.levels[row * levelMap.columns + column])]
          }
        }
        let tile = Tile(rows: rows, columns: columns, bitCount: bits, offset: offset)
        tiles.append(tile)
        offset += tile.byteCount
      }
    }
    self.tiles = tiles
    byteCount = offset
  }
}

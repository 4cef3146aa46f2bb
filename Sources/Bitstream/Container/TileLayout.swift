/// Where the indices of each position are, in the picture's order and in the file.
///
/// Everything follows from header, ladder and level map: no index has to be read to find another.
public struct TileLayout: Sendable, Equatable {
  /// A rectangle of positions whose indices stand together.
  public struct Tile: Sendable, Equatable {
    /// Rows of positions.
    public let rows: Range<Int>
    /// Columns of positions.
    public let columns: Range<Int>
    /// Number of indices.
    public let indexCount: Int
    /// Offset of the tile's first byte, its checksum, from the start of the index chunk's payload.
    public let offset: Int
    /// Bytes in all: none when there are no indices, else the checksum's four and the packed indices.
    public let byteCount: Int
  }

  /// Tiles from left to right, then from top to bottom.
  public let tiles: [Tile]
  /// For each position, row by row, the number of indices before its own; one more entry holds the total.
  public let indexOffsets: [Int]
  /// Bytes of all tiles.
  public let byteCount: Int

  /// The layout of a file.
  public init(header: Header, ladder: LevelLadder, levelMap: LevelMap) {
    precondition(levelMap.columns == header.columns && levelMap.rows == header.rows)
    let side = 1 << header.tileExponent
    var offsets = [0]
    offsets.reserveCapacity(levelMap.levels.count + 1)
    var total = 0
    for level in levelMap.levels {
      total += ladder.indexCounts[Int(level)]
      offsets.append(total)
    }
    var tiles: [Tile] = []
    var position = 0
    for top in Swift.stride(from: 0, to: levelMap.rows, by: side) {
      for left in Swift.stride(from: 0, to: levelMap.columns, by: side) {
        let rows = top..<min(top + side, levelMap.rows)
        let columns = left..<min(left + side, levelMap.columns)
        let count = rows.reduce(0) { sum, row in
          let start = row * levelMap.columns
          return sum + offsets[start + columns.upperBound] - offsets[start + columns.lowerBound]
        }
        let bytes = count == 0 ? 0 : 4 + (count * header.codebookBits + 7) / 8
        tiles.append(
          Tile(rows: rows, columns: columns, indexCount: count, offset: position, byteCount: bytes))
        position += bytes
      }
    }
    self.tiles = tiles
    indexOffsets = offsets
    byteCount = position
  }
}

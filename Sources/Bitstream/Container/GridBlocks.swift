/// A rectangle of positions.
package struct GridRectangle: Sendable, Equatable {
  /// Rows of positions.
  package let rows: Range<Int>
  /// Columns of positions.
  package let columns: Range<Int>

  /// A rectangle.
  package init(rows: Range<Int>, columns: Range<Int>) {
    self.rows = rows
    self.columns = columns
  }

  /// No positions at all.
  package static let empty = GridRectangle(rows: 0..<0, columns: 0..<0)

  /// The numbers of the positions in a picture's grid, row by row.
  package func positions(in header: Header) -> [Int] {
    rows.flatMap { row in columns.map { row * header.columns + $0 } }
  }

  /// Whether any position is in both.
  package func overlaps(_ other: GridRectangle) -> Bool {
    rows.overlaps(other.rows) && columns.overlaps(other.columns)
  }

  /// Pixels in a row, in a picture of this width.
  package func width(in header: Header) -> Int {
    min(columns.upperBound * Header.stride, header.width) - columns.lowerBound * Header.stride
  }

  /// Rows of pixels, in a picture of this height.
  package func height(in header: Header) -> Int {
    min(rows.upperBound * Header.stride, header.height) - rows.lowerBound * Header.stride
  }
}

/// Squares of positions, clipped at the right and bottom, from left to right, then from top to bottom.
///
/// Pictures of more than one block are **divided**: the level map is coded block by block, and indices say how many bytes
/// everything takes, so that a region is read without the rest of the file.
package struct GridBlocks: Sendable {
  /// Positions along a block's side, unless tiles are larger.
  package static let side = 64

  private let side: Int
  private let rows: Int
  private let columns: Int

  /// The blocks of a picture; tiles never reach beyond one.
  init(of header: Header) {
    self.init(
      rows: header.rows, columns: header.columns, side: max(Self.side, 1 << header.tileExponent))
  }

  init(rows: Int, columns: Int, side: Int) {
    self.rows = rows
    self.columns = columns
    self.side = side
  }

  /// Blocks from left to right.
  var across: Int { (columns + side - 1) / side }
  private var down: Int { (rows + side - 1) / side }

  /// Whether there is more than one block.
  var isDivided: Bool { across > 1 || down > 1 }

  /// Of a column of positions, the number of its column of blocks.
  func column(of position: Int) -> Int { position / side }

  /// All blocks.
  var all: [GridRectangle] {
    (0..<down).flatMap { row in
      (0..<across).map { column in
        GridRectangle(
          rows: row * side..<min((row + 1) * side, rows),
          columns: column * side..<min((column + 1) * side, columns))
      }
    }
  }
}

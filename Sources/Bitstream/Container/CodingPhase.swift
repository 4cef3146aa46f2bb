/// One quarter of the positions: those of the 2x2 lattice that are coded together.
///
/// Positions are coded in the order of `allCases`; each later phase is predicted from the ones before it.
package enum CodingPhase: Int, Sendable, CaseIterable {
  /// Even rows, even columns: coded without prediction.
  case first
  /// Odd rows, odd columns.
  case second
  /// Even rows, odd columns.
  case third
  /// Odd rows, even columns.
  case fourth

  package var rowOffset: Int { self == .second || self == .fourth ? 1 : 0 }
  package var columnOffset: Int { self == .second || self == .third ? 1 : 0 }

  /// The phase of a position.
  package init(row: Int, column: Int) {
    self =
      switch (row % 2, column % 2) {
      case (0, 0): .first
      case (1, 1): .second
      case (0, _): .third
      default: .fourth
      }
  }

  /// The phase of a position that is given by its row-major number in a grid.
  package init(position: Int, columns: Int) {
    self.init(row: position / columns, column: position % columns)
  }

  /// The positions of this phase, as row-major numbers in a grid, in raster order.
  package func positions(rows: Int, columns: Int) -> [Int] {
    positions(rows: 0..<rows, columns: columns)
  }

  /// The positions of this phase in some rows of a grid, as row-major numbers in the grid, in raster order.
  package func positions(rows: Range<Int>, columns: Int) -> [Int] {
    var result: [Int] = []
    let first = rows.lowerBound + (rows.lowerBound + rowOffset) % 2
    for row in stride(from: first, to: rows.upperBound, by: 2) {
      for column in stride(from: columnOffset, to: columns, by: 2) {
        result.append(row * columns + column)
      }
    }
    return result
  }
}

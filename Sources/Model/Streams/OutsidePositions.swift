/// Positions of a grid that count as outside of the picture, since they are graphics of which the network codes nothing: its
/// convolutions see zeros there, as beyond the picture's edges.
package struct OutsidePositions: Sendable, Equatable {
  private let columns: Int
  private let isOutside: [Bool]

  /// - Parameter isOutside: for every position of rows of `columns`; nil is returned when none is.
  package init?(_ isOutside: [Bool], columns: Int) {
    guard isOutside.contains(true) else { return nil }
    precondition(isOutside.count % columns == 0)
    (self.isOutside, self.columns) = (isOutside, columns)
  }

  /// Those of some rows and columns; nil when none is there.
  package func cropped(rows: Range<Int>, columns wanted: Range<Int>) -> OutsidePositions? {
    OutsidePositions(
      rows.flatMap { row in
        isOutside[row * columns + wanted.lowerBound..<row * columns + wanted.upperBound]
      }, columns: wanted.count)
  }

  /// Those of some rows; nil when none is there.
  func cropped(rows: Range<Int>) -> OutsidePositions? { cropped(rows: rows, columns: 0..<columns) }

  /// Makes the values of rows from `first` on zero where positions are outside. Rows may have several values to a position's side.
  func clear(_ rows: inout TensorRows, from first: Int) {
    let (side, channels, buffered) = (rows.columns / columns, rows.channels, rows.rows)
    rows.withMutableValues { values in
      guard let base = values.baseAddress else { return }
      for row in max(first, buffered.lowerBound)..<buffered.upperBound {
        let line = base + (row - buffered.lowerBound) * columns * side * channels
        for column in 0..<columns where isOutside[row / side * columns + column] {
          (line + column * side * channels).update(repeating: 0, count: side * channels)
        }
      }
    }
  }
}

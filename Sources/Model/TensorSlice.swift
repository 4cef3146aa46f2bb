/// Some adjacent rows of a tensor, without a copy of their values.
package struct TensorSlice: Sendable {
  /// Positions from top to bottom.
  package let rows: Int
  /// Positions from left to right.
  package let columns: Int
  /// Values per position.
  package let channels: Int
  private let whole: [Float]
  private let start: Int

  /// All of a tensor.
  package init(_ tensor: Tensor) {
    self.init(
      of: tensor.values, start: 0, rows: tensor.rows, columns: tensor.columns,
      channels: tensor.channels)
  }

  /// Rows whose values begin at `start`.
  init(of whole: [Float], start: Int, rows: Int, columns: Int, channels: Int) {
    precondition(start >= 0 && start + rows * columns * channels <= whole.count)
    self.whole = whole
    self.start = start
    self.rows = rows
    self.columns = columns
    self.channels = channels
  }

  /// Number of positions.
  package var positionCount: Int { rows * columns }

  /// The same with its values in an array of their own.
  package var tensor: Tensor {
    let count = positionCount * channels
    return Tensor(
      rows: rows, columns: columns, channels: channels,
      values: count == whole.count ? whole : Array(whole[start..<start + count]))
  }

  /// Some rows of these.
  package subscript(_ wanted: Range<Int>) -> TensorSlice {
    TensorSlice(
      of: whole, start: start + wanted.lowerBound * columns * channels, rows: wanted.count,
      columns: columns, channels: channels)
  }

  /// Calls `body` with the values, row by row.
  package func withValues<Result, Failure: Error>(
    _ body: (UnsafeBufferPointer<Float>) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    try whole.withUnsafeBufferPointer { (values) throws(Failure) in
      try body(
        UnsafeBufferPointer(rebasing: values[start..<start + positionCount * channels]))
    }
  }
}

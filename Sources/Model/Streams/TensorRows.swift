/// Some adjacent rows of a tensor that is not held as a whole: rows are added below and dropped above.
public struct TensorRows: Sendable {
  /// Positions from left to right.
  public let columns: Int
  /// Values per position.
  public let channels: Int
  /// Numbers of the rows that are held, in the whole tensor.
  public private(set) var rows: Range<Int>
  private var values: [Float] = []

  /// No rows yet; the first one added will be row `first`.
  public init(columns: Int, channels: Int, first: Int = 0) {
    self.columns = columns
    self.channels = channels
    rows = first..<first
  }

  /// All rows of a tensor.
  public init(_ tensor: Tensor) {
    self.init(columns: tensor.columns, channels: tensor.channels)
    append(tensor)
  }

  /// Adds rows below the ones that are held.
  public mutating func append(_ tensor: Tensor) {
    precondition(tensor.columns == columns && tensor.channels == channels)
    if values.isEmpty {
      values = tensor.values
    } else {
      reserve(tensor.values.count)
      values += tensor.values
    }
    rows = rows.lowerBound..<rows.upperBound + tensor.rows
  }

  /// Adds rows of zeros until row `end` would be next.
  public mutating func extend(to end: Int) {
    guard end > rows.upperBound else { return }
    let count = (end - rows.upperBound) * columns * channels
    reserve(count)
    values += repeatElement(0, count: count)
    rows = rows.lowerBound..<end
  }

  /// Makes room for so many values and no more: an array that grows by itself takes twice what it needs.
  private mutating func reserve(_ count: Int) {
    values.reserveCapacity(values.count + count)
  }

  /// Forgets the rows above row `end`.
  public mutating func drop(before end: Int) {
    let count = min(max(0, end - rows.lowerBound), rows.count)
    if count == rows.count { values = [] } else { values.removeFirst(count * columns * channels) }
    rows = rows.lowerBound + count..<rows.upperBound
  }

  /// Rows as a tensor.
  public subscript(_ wanted: Range<Int>) -> Tensor {
    precondition(wanted.lowerBound >= rows.lowerBound && wanted.upperBound <= rows.upperBound)
    if wanted == rows {
      return Tensor(rows: rows.count, columns: columns, channels: channels, values: values)
    }
    let start = (wanted.lowerBound - rows.lowerBound) * columns * channels
    return Tensor(
      rows: wanted.count, columns: columns, channels: channels,
      values: Array(values[start..<start + wanted.count * columns * channels]))
  }

  /// The values of a position, given by its row-major number in the whole tensor, as a range of what `withValues` gives.
  package func range(_ position: Int) -> Range<Int> {
    let start = (position - rows.lowerBound * columns) * channels
    precondition(start >= 0 && start + channels <= values.count)
    return start..<start + channels
  }

  /// Calls `body` with the values of all rows that are held.
  package func withValues<Result>(_ body: (UnsafeBufferPointer<Float>) -> Result) -> Result {
    values.withUnsafeBufferPointer(body)
  }

  /// Stores the values of a position, given by its row-major number in the whole tensor.
  package mutating func store(_ part: ArraySlice<Float>, at position: Int) {
    values.replaceSubrange(range(position), with: part)
  }

  /// Stores the values [n, channels] of some positions, given by their row-major numbers in the whole tensor.
  mutating func store(_ part: [Float], at positions: [Int]) {
    precondition(part.count == positions.count * channels)
    for (k, position) in positions.enumerated() {
      values.replaceSubrange(range(position), with: part[k * channels..<(k + 1) * channels])
    }
  }
}

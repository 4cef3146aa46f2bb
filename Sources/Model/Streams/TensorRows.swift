/// Some adjacent rows of a tensor that is not buffered as a whole: rows are added below and dropped above.
///
/// Rows are added in place, so that adding few to many costs little; what is dropped makes room for them.
package struct TensorRows: Sendable {
  /// Positions from left to right.
  package let columns: Int
  /// Values per position.
  package let channels: Int
  /// Numbers of the buffered rows, in the whole tensor.
  package private(set) var rows: Range<Int>
  private var values: [Float] = []
  /// Where the values of the first row that is buffered begin.
  private var start = 0

  /// No rows yet; the first one added will be row `first`.
  package init(columns: Int, channels: Int, first: Int = 0) {
    self.columns = columns
    self.channels = channels
    rows = first..<first
  }

  /// All rows of a tensor.
  package init(_ tensor: Tensor) {
    self.init(columns: tensor.columns, channels: tensor.channels)
    append(tensor)
  }

  /// Adds rows below the buffered ones.
  package mutating func append(_ tensor: Tensor) {
    precondition(tensor.columns == columns && tensor.channels == channels)
    if rows.isEmpty {
      values = tensor.values
      start = 0
      rows = rows.lowerBound..<rows.upperBound + tensor.rows
    } else {
      append(TensorSlice(tensor))
    }
  }

  /// Adds rows below the buffered ones.
  package mutating func append(_ slice: TensorSlice) {
    precondition(slice.columns == columns && slice.channels == channels)
    makeRoom(slice.positionCount * channels)
    slice.withValues { values.append(contentsOf: $0) }
    rows = rows.lowerBound..<rows.upperBound + slice.rows
  }

  /// Adds rows of zeros until row `end` would be next.
  package mutating func extend(to end: Int) {
    guard end > rows.upperBound else { return }
    append(rows: end - rows.upperBound) { $0.update(repeating: 0) }
  }

  /// Adds rows whose values `fill` stores, all of them.
  mutating func append<Failure: Error>(
    rows count: Int, _ fill: (UnsafeMutableBufferPointer<Float>) throws(Failure) -> Void
  ) throws(Failure) {
    guard count > 0 else { return }
    let added = count * columns * channels
    if rows.isEmpty {
      // What is filled at once need not be zero before.
      var failure: Failure?
      values = [Float](unsafeUninitializedCapacity: added) { target, initialized in
        do throws(Failure) {
          try fill(UnsafeMutableBufferPointer(rebasing: target[..<added]))
          initialized = added
        } catch {
          failure = error
        }
      }
      start = 0
      if let failure { throw failure }
      rows = rows.lowerBound..<rows.upperBound + count
      return
    }
    makeRoom(added)
    let end = values.count
    appendZeros(added)
    do throws(Failure) {
      try values.withUnsafeMutableBufferPointer { (values) throws(Failure) in
        try fill(UnsafeMutableBufferPointer(rebasing: values[end...]))
      }
    } catch {
      values.removeLast(added)
      throw error
    }
    rows = rows.lowerBound..<rows.upperBound + count
  }

  /// A block that stays in the cache: copies of it are faster than zeros that are appended one by one.
  private static let zeros = [Float](repeating: 0, count: 2048)

  private mutating func appendZeros(_ count: Int) {
    var left = count
    while left > 0 {
      let part = min(left, Self.zeros.count)
      values.append(contentsOf: Self.zeros[..<part])
      left -= part
    }
  }

  /// Makes room for values: that of dropped rows first, and some beyond them when there must be more.
  private mutating func makeRoom(_ added: Int) {
    if values.count + added > values.capacity, start > 0 {
      values.removeSubrange(..<start)
      start = 0
    }
    if values.count + added > values.capacity {
      values.reserveCapacity(values.count * 3 / 2 + added)
    }
  }

  /// Takes rows away from above: without a copy of their values where none are left.
  mutating func removeFirst(_ count: Int) -> TensorSlice {
    let taken = slice(rows.lowerBound..<rows.lowerBound + count)
    defer { drop(before: rows.lowerBound + count) }
    return count == rows.count ? taken : TensorSlice(taken.tensor)
  }

  /// Forgets the rows above row `end`.
  package mutating func drop(before end: Int) {
    let count = min(max(0, end - rows.lowerBound), rows.count)
    start += count * columns * channels
    rows = rows.lowerBound + count..<rows.upperBound
    if rows.isEmpty {
      values = []
      start = 0
    }
  }

  /// Rows as a tensor of their own.
  package subscript(_ wanted: Range<Int>) -> Tensor { slice(wanted).tensor }

  /// Rows without a copy of their values.
  package func slice(_ wanted: Range<Int>) -> TensorSlice {
    precondition(wanted.lowerBound >= rows.lowerBound && wanted.upperBound <= rows.upperBound)
    return TensorSlice(
      of: values, start: start + (wanted.lowerBound - rows.lowerBound) * columns * channels,
      rows: wanted.count, columns: columns, channels: channels)
  }

  /// The values of a position, given by its row-major number in the whole tensor, as a range of what `withValues` gives.
  package func range(_ position: Int) -> Range<Int> {
    let first = (position - rows.lowerBound * columns) * channels
    precondition(first >= 0 && first + channels <= rows.count * columns * channels)
    return first..<first + channels
  }

  /// Calls `body` with the values of all buffered rows.
  package func withValues<Result>(_ body: (UnsafeBufferPointer<Float>) -> Result) -> Result {
    slice(rows).withValues(body)
  }

  /// Calls `body` with the values of all buffered rows, to change them.
  package mutating func withMutableValues<Result>(
    _ body: (UnsafeMutableBufferPointer<Float>) -> Result
  ) -> Result {
    let buffered = start..<start + rows.count * columns * channels
    return values.withUnsafeMutableBufferPointer {
      body(UnsafeMutableBufferPointer(rebasing: $0[buffered]))
    }
  }

  /// Stores the values [n, channels] of some positions, given by their row-major numbers in the whole tensor.
  mutating func store(_ part: [Float], at positions: [Int]) {
    precondition(part.count == positions.count * channels)
    let places = positions.map { range($0) }
    let channels = channels
    withMutableValues { values in
      part.withUnsafeBufferPointer { part in
        guard let target = values.baseAddress, let source = part.baseAddress else { return }
        for (k, place) in places.enumerated() {
          (target + place.lowerBound).update(from: source + k * channels, count: channels)
        }
      }
    }
  }
}

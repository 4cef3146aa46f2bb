/// A block that takes a picture's rows as they come and gives its own as soon as they are known.
///
/// It runs one row behind, for its convolution looks at the row below. What it gives is the same however many rows
/// come at a time.
struct BlockStream {
  let block: Block
  private let outside: OutsidePositions?
  /// Rows that came in and have not gone out.
  private var waiting: TensorRows
  /// What the convolution sees: the rows that wait and the one above them.
  private var mixed: TensorRows

  init(_ block: Block, columns: Int, channels: Int, outside: OutsidePositions?) {
    self.block = block
    self.outside = outside
    waiting = TensorRows(columns: columns, channels: channels)
    mixed = TensorRows(columns: columns, channels: channels)
  }

  /// The rows that are known after these; all of them when `isLast`.
  mutating func push(_ rows: Tensor, isLast: Bool) -> Tensor {
    push(rows, isLast: isLast) { _ in nil }
      ?? Tensor(rows: 0, columns: rows.columns, channels: rows.channels)
  }

  /// The same for some positions only.
  ///
  /// - Parameter choose: gives for the numbers of the rows that are known the positions that are wanted, counted from the
  ///   first of these rows; nil for all.
  /// - Returns: the result at all positions of the rows that are known, or at the chosen ones in one row; nil for none.
  mutating func push(
    _ rows: Tensor, isLast: Bool, choose: (Range<Int>) -> [Int]?
  ) -> Tensor? {
    let first = waiting.rows.lowerBound
    if rows.rows > 0 {
      block.mix(TensorSlice(rows), to: &mixed)
      outside?.clear(&mixed, from: mixed.rows.upperBound - rows.rows)
    }
    let end = isLast ? mixed.rows.upperBound : max(first, mixed.rows.upperBound - 1)
    guard end > first else {
      waiting.append(rows)
      return nil
    }
    // At most one row waits, so all that do are known now.
    let (new, firstNew) = (TensorSlice(rows), waiting.rows.upperBound)
    let above = first > 0 ? 1 : 0
    let positions = choose(first..<end)
    var result: Tensor?
    if positions?.isEmpty != true {
      result = block.finish(
        StackedSlices(waiting.slice(waiting.rows), new[0..<end - firstNew]),
        mixed: mixed.slice(first - above..<(isLast ? end : end + 1)), hasRowAbove: above == 1,
        hasRowBelow: !isLast, positions: positions)
    }
    waiting = TensorRows(columns: waiting.columns, channels: waiting.channels, first: end)
    waiting.append(new[end - firstNew..<rows.rows])
    mixed.drop(before: end - 1)
    return result
  }
}

/// Blocks one after the other.
struct BlockChain {
  private var streams: [BlockStream]

  /// - Parameter outside: of the grid whose rows come, or of that of which these are parts.
  init(_ blocks: [Block], columns: Int, channels: Int, outside: OutsidePositions?) {
    streams = blocks.map {
      BlockStream($0, columns: columns, channels: channels, outside: outside)
    }
  }

  /// The rows that are known after these; all of them when `isLast`.
  mutating func push(_ rows: Tensor, isLast: Bool) -> Tensor {
    var rows = rows
    for k in streams.indices { rows = streams[k].push(rows, isLast: isLast) }
    return rows
  }
}

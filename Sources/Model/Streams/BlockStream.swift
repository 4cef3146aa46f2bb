/// A block that takes a picture's rows as they come and gives its own as soon as they are known.
///
/// It runs one row behind, for its convolution looks at the row below. What it gives is the same however the rows are
/// dealt out.
struct BlockStream {
  private let block: Block
  /// Rows that came in and have not gone out.
  private var waiting: TensorRows
  /// What the convolution sees: the rows that wait and the one above them.
  private var mixed: TensorRows

  init(_ block: Block, columns: Int, channels: Int) {
    self.block = block
    waiting = TensorRows(columns: columns, channels: channels)
    mixed = TensorRows(columns: columns, channels: channels)
  }

  /// The rows that are known after these; all of them when `isLast`.
  mutating func push(_ rows: Tensor, isLast: Bool) throws(ModelError) -> Tensor {
    let first = waiting.rows.lowerBound
    if rows.rows > 0 { mixed.append(try block.mix(rows)) }
    let isWhole = isLast && first == 0 && waiting.rows.isEmpty
    if !isWhole { waiting.append(rows) }
    let end = isLast ? mixed.rows.upperBound : max(first, mixed.rows.upperBound - 1)
    guard end > first else {
      return Tensor(rows: 0, columns: rows.columns, channels: rows.channels)
    }
    let above = first > 0 ? 1 : 0
    let spatial = try block.convolve(
      mixed[first - above..<(isLast ? end : end + 1)], hasRowAbove: above == 1, hasRowBelow: !isLast
    )
    let output = try block.pointwise(isWhole ? rows : waiting[first..<end], spatial)
    waiting.drop(before: end)
    mixed.drop(before: end - 1)
    return output
  }
}

/// Blocks one after the other.
struct BlockChain {
  private var streams: [BlockStream]

  init(_ blocks: [Block], columns: Int, channels: Int) {
    streams = blocks.map { BlockStream($0, columns: columns, channels: channels) }
  }

  /// The rows that are known after these; all of them when `isLast`.
  mutating func push(_ rows: Tensor, isLast: Bool) throws(ModelError) -> Tensor {
    var rows = rows
    for k in streams.indices { rows = try streams[k].push(rows, isLast: isLast) }
    return rows
  }
}

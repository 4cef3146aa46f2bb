/// Activations of one picture: `rows * columns` positions, each with `channels` adjacent values (NHWC, N = 1).
package struct Tensor: Sendable, Equatable {
  /// Positions from top to bottom.
  package let rows: Int
  /// Positions from left to right.
  package let columns: Int
  /// Values per position.
  package let channels: Int
  /// `rows * columns * channels` values, row by row.
  package var values: [Float]

  /// Wraps values; a wrong count is a mistake of the caller and stops the program.
  package init(rows: Int, columns: Int, channels: Int, values: [Float]) {
    precondition(values.count == rows * columns * channels)
    self.rows = rows
    self.columns = columns
    self.channels = channels
    self.values = values
  }

  /// A tensor of one value throughout.
  package init(rows: Int, columns: Int, channels: Int, repeating value: Float = 0) {
    self.init(
      rows: rows, columns: columns, channels: channels,
      values: Array(repeating: value, count: rows * columns * channels))
  }

  /// Number of positions.
  package var positionCount: Int { rows * columns }

  /// The values of the position at `row` and `column`, as a range of `values`.
  func range(row: Int, column: Int) -> Range<Int> {
    let start = (row * columns + column) * channels
    return start..<start + channels
  }

  /// Tensors of the same width, one below the other.
  package init(joining parts: [Tensor], columns: Int, channels: Int) {
    let total = parts.reduce(0) { $0 + $1.values.count }
    var values: [Float] = []
    values.reserveCapacity(total)
    for part in parts {
      precondition(part.columns == columns && part.channels == channels)
      values += part.values
    }
    self.init(
      rows: parts.reduce(0) { $0 + $1.rows }, columns: columns, channels: channels, values: values)
  }

  /// A tensor whose rows are filled in by several threads.
  package init(
    rows: Int, columns: Int, channels: Int, pool: WorkerPool,
    _ fill: @Sendable (_ row: Int, _ target: UnsafeMutablePointer<Float>) -> Void
  ) {
    let length = columns * channels
    guard rows > 0, length > 0 else {
      self.init(rows: rows, columns: columns, channels: channels)
      return
    }
    let values = [Float](unsafeUninitializedCapacity: rows * length) { target, count in
      count = rows * length
      guard let base = target.baseAddress, count > 0 else { return }
      let shared = Disjoint(base)
      // Parts of about 64 kB.
      pool.forEachPart(of: rows, length: max(1, (1 << 14) / length)) { part in
        for row in part { fill(row, shared.value + row * length) }
      }
    }
    self.init(rows: rows, columns: columns, channels: channels, values: values)
  }

  /// Calls `body` with parts of the values, on several threads, to change them one by one.
  mutating func withParts(
    _ pool: WorkerPool, _ body: @Sendable (UnsafeMutableBufferPointer<Float>) -> Void
  ) {
    values.withUnsafeMutableBufferPointer { values in
      let values = Disjoint(values)
      pool.forEachPart(of: values.value.count, length: 1 << 14) {
        body(UnsafeMutableBufferPointer(rebasing: values.value[$0]))
      }
    }
  }

  /// [h, w, k*k*c] -> [h*k, w*k, c]. Inverse of `TensorSlice.unshuffled`.
  func shuffled(_ factor: Int, _ pool: WorkerPool) -> Tensor {
    let inner = channels / (factor * factor)
    let run = factor * inner
    precondition(inner * factor * factor == channels)
    return TensorSlice(self).withValues { source in
      let source = Disjoint(source)
      return Tensor(rows: rows * factor, columns: columns * factor, channels: inner, pool: pool) {
        row, target in
        let (outer, y) = row.quotientAndRemainder(dividingBy: factor)
        guard let base = source.value.baseAddress else { return }
        for column in 0..<columns {
          (target + column * run).update(
            from: base + (outer * columns + column) * channels + y * run, count: run)
        }
      }
    }
  }
}

extension TensorSlice {
  /// Every position's values times the factors of their channels.
  func scaled(_ factors: [Float], _ pool: WorkerPool) -> Tensor {
    precondition(factors.count == channels)
    return withValues { source in
      let source = Disjoint(source)
      // Position by position, as there may be one row only.
      let product = Tensor(rows: positionCount, columns: 1, channels: channels, pool: pool) {
        position, target in
        guard let base = source.value.baseAddress else { return }
        factors.withUnsafeBufferPointer { factors in
          for c in 0..<channels { target[c] = base[position * channels + c] * factors[c] }
        }
      }
      return Tensor(rows: rows, columns: columns, channels: channels, values: product.values)
    }
  }

  /// [h, w, 16*16*3], pixels of each position side by side, -> [2 h, 2 w, 8*8*3].
  func quartered(_ pool: WorkerPool) -> Tensor {
    let (side, run) = (8, 24)
    precondition(channels == 4 * side * run)
    return withValues { source in
      let source = Disjoint(source)
      return Tensor(rows: 2 * rows, columns: 2 * columns, channels: side * run, pool: pool) {
        row, target in
        guard let base = source.value.baseAddress else { return }
        for column in 0..<2 * columns {
          let position = base + (row / 2 * columns + column / 2) * channels
          for y in 0..<side {
            (target + (column * side + y) * run).update(
              from: position + ((row % 2 * side + y) * 2 + column % 2) * run, count: run)
          }
        }
      }
    }
  }

  /// [h, w, c] -> [h/k, w/k, k*k*c]: the values of each k x k block side by side, ordered by row, column,
  /// channel. Inverse of `Tensor.shuffled`. Rows and columns must be multiples of `factor`.
  func unshuffled(_ factor: Int, _ pool: WorkerPool) -> Tensor {
    precondition(rows % factor == 0 && columns % factor == 0)
    let run = factor * channels
    return withValues { source in
      let source = Disjoint(source)
      return Tensor(
        rows: rows / factor, columns: columns / factor, channels: factor * run, pool: pool
      ) { row, target in
        guard let base = source.value.baseAddress else { return }
        for y in 0..<factor {
          let line = base + (row * factor + y) * columns * channels
          for column in 0..<columns / factor {
            (target + (column * factor + y) * run).update(from: line + column * run, count: run)
          }
        }
      }
    }
  }
}

extension Tensor {
  /// The same values as another grid of as many positions.
  func reshaped(rows: Int, columns: Int) -> Tensor {
    Tensor(rows: rows, columns: columns, channels: channels, values: values)
  }
}

extension [Float] {
  /// Values that have no meaning until they are stored: where threads store all that is read, zeros first would be in vain.
  package init(unfilled count: Int) {
    self.init(unsafeUninitializedCapacity: count) { _, initialized in initialized = count }
  }
}

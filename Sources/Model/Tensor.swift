/// Activations of one picture: `rows * columns` positions, each with `channels` adjacent values (NHWC, N = 1).
public struct Tensor: Sendable, Equatable {
  /// Positions from top to bottom.
  public let rows: Int
  /// Positions from left to right.
  public let columns: Int
  /// Values per position.
  public let channels: Int
  /// `rows * columns * channels` values, row by row.
  public var values: [Float]

  /// Wraps values; a wrong count is a mistake of the caller and stops the program.
  public init(rows: Int, columns: Int, channels: Int, values: [Float]) {
    precondition(values.count == rows * columns * channels)
    self.rows = rows
    self.columns = columns
    self.channels = channels
    self.values = values
  }

  /// A tensor of one value throughout.
  public init(rows: Int, columns: Int, channels: Int, repeating value: Float = 0) {
    self.init(
      rows: rows, columns: columns, channels: channels,
      values: Array(repeating: value, count: rows * columns * channels))
  }

  /// Number of positions.
  public var positionCount: Int { rows * columns }

  /// The values of the position at `row` and `column`, as a range of `values`.
  func range(row: Int, column: Int) -> Range<Int> {
    let start = (row * columns + column) * channels
    return start..<start + channels
  }

  /// [h, w, c] -> [h/k, w/k, k*k*c]: the values of each k x k block side by side, ordered by row, column,
  /// channel. Inverse of `shuffled`. Rows and columns must be multiples of `factor`.
  func unshuffled(_ factor: Int) -> Tensor {
    precondition(rows % factor == 0 && columns % factor == 0)
    let run = factor * channels
    return rearranged(
      rows: rows / factor, columns: columns / factor, channels: factor * run
    ) { source, target, row, column in
      for y in 0..<factor {
        let from = ((row * factor + y) * columns + column * factor) * channels
        _ = target[y * run..<(y + 1) * run].update(from: source[from..<from + run])
      }
    }
  }

  /// [h, w, k*k*c] -> [h*k, w*k, c]. Inverse of `unshuffled`.
  func shuffled(_ factor: Int) -> Tensor {
    let inner = channels / (factor * factor)
    let run = factor * inner
    precondition(inner * factor * factor == channels)
    var result = [Float](repeating: 0, count: values.count)
    values.withUnsafeBufferPointer { source in
      result.withUnsafeMutableBufferPointer { target in
        for row in 0..<rows {
          for column in 0..<columns {
            let from = (row * columns + column) * channels
            for y in 0..<factor {
              let to = ((row * factor + y) * columns + column) * run
              _ = target[to..<to + run].update(from: source[from + y * run..<from + (y + 1) * run])
            }
          }
        }
      }
    }
    return Tensor(rows: rows * factor, columns: columns * factor, channels: inner, values: result)
  }

  private func rearranged(
    rows: Int, columns: Int, channels: Int,
    _ fill: (
      UnsafeBufferPointer<Float>, Slice<UnsafeMutableBufferPointer<Float>>, Int, Int
    ) -> Void
  ) -> Tensor {
    let result = [Float](unsafeUninitializedCapacity: rows * columns * channels) { target, count in
      count = rows * columns * channels
      values.withUnsafeBufferPointer { source in
        for row in 0..<rows {
          for column in 0..<columns {
            let start = (row * columns + column) * channels
            let part = UnsafeMutableBufferPointer(rebasing: target[start..<start + channels])
            fill(source, part[...], row, column)
          }
        }
      }
    }
    return Tensor(rows: rows, columns: columns, channels: channels, values: result)
  }
}

extension Tensor {
  /// The values of some positions, as a tensor of one row.
  func gathered(_ positions: [Int]) -> Tensor {
    var result = Tensor(rows: 1, columns: positions.count, channels: channels)
    for (k, position) in positions.enumerated() {
      result.values.replaceSubrange(
        k * channels..<(k + 1) * channels,
        with: values[position * channels..<(position + 1) * channels])
    }
    return result
  }
}

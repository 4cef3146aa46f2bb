/// Rows in two parts, one below the other, of which either may be empty.
struct StackedSlices: Sendable {
  private let upper: TensorSlice
  private let lower: TensorSlice

  init(_ upper: TensorSlice, _ lower: TensorSlice) {
    precondition(upper.columns == lower.columns && upper.channels == lower.channels)
    self.upper = upper
    self.lower = lower
  }

  var rows: Int { upper.rows + lower.rows }
  var columns: Int { lower.columns }
  var channels: Int { lower.channels }
  var positionCount: Int { rows * columns }

  /// The same in an array of its own.
  var tensor: Tensor {
    Tensor(joining: [upper.tensor, lower.tensor], columns: columns, channels: channels)
  }

  /// Copies the values of adjacent positions.
  func copy(_ positions: Range<Int>, to target: UnsafeMutablePointer<Float>) {
    let border = upper.positionCount
    let above = positions.clamped(to: 0..<border)
    let below = positions.clamped(to: border..<positionCount)
    func copy(
      _ slice: TensorSlice, _ part: Range<Int>, _ target: UnsafeMutablePointer<Float>
    ) {
      slice.withValues { values in
        guard let base = values.baseAddress, !part.isEmpty else { return }
        target.update(from: base + part.lowerBound * channels, count: part.count * channels)
      }
    }
    copy(upper, above, target)
    copy(
      lower, below.lowerBound - border..<below.upperBound - border,
      target + above.count * channels)
  }
}

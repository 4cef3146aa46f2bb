/// One quarter of the positions: those of the 2x2 lattice that are coded together.
///
/// Positions are coded in the order of `allCases`; each later phase is predicted from the ones before it.
public enum CodingPhase: Int, Sendable, CaseIterable {
  /// Even rows, even columns: coded without prediction.
  case first
  /// Odd rows, odd columns.
  case second
  /// Even rows, odd columns.
  case third
  /// Odd rows, even columns.
  case fourth

  var rowOffset: Int { self == .second || self == .fourth ? 1 : 0 }
  var columnOffset: Int { self == .second || self == .third ? 1 : 0 }

  /// The positions of this phase, as row-major numbers in a grid, in raster order.
  public func positions(rows: Int, columns: Int) -> [Int] {
    var result: [Int] = []
    for row in stride(from: rowOffset, to: rows, by: 2) {
      for column in stride(from: columnOffset, to: columns, by: 2) {
        result.append(row * columns + column)
      }
    }
    return result
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

  /// Stores the values of some positions; inverse of `gathered`.
  mutating func scatter(_ part: Tensor, to positions: [Int]) {
    precondition(part.channels == channels && part.positionCount == positions.count)
    for (k, position) in positions.enumerated() {
      values.replaceSubrange(
        position * channels..<(position + 1) * channels,
        with: part.values[k * channels..<(k + 1) * channels])
    }
  }
}

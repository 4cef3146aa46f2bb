/// Which channels make up a group, the elements that are quantized together.
public enum Grouping: Sendable, CaseIterable {
  /// Of N groups, group g takes the channels g, g + N, g + 2N and so on, as published.
  case strided
  /// Group g takes dimension channels in a row, from g * dimension on.
  case contiguous

  /// The channel of an element of a group.
  ///
  /// - Parameters:
  ///   - element: Place within the group, below `dimension`.
  ///   - group: Place of the group, below `groupCount`.
  ///   - groupCount: Groups along the axis.
  ///   - dimension: Elements of a group.
  func channel(element: Int, group: Int, groupCount: Int, dimension: Int) -> Int {
    switch self {
    case .strided: element * groupCount + group
    case .contiguous: group * dimension + element
    }
  }

  /// The group of a channel. Inverse of `channel(element:group:groupCount:dimension:)` but for the element.
  func group(channel: Int, groupCount: Int, dimension: Int) -> Int {
    switch self {
    case .strided: channel % groupCount
    case .contiguous: channel / dimension
    }
  }
}

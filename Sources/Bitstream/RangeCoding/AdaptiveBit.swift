/// The estimated probability that a binary decision is 1, learned from the decisions before. Integers only.
///
/// The probability is `one / 32768`. After n earlier decisions it moves by 1/(n + 2) of the way towards the
/// decision, n counting up to a limit: quick at first, steady later.
package struct AdaptiveBit: Sendable, Equatable {
  private static let bounds: ClosedRange<Int32> = 16...(32768 - 16)
  private static let countLimit: Int32 = 62

  private var value: Int32 = 1 << 14
  private var count: Int32 = 0

  package init() {}

  /// In 16...32752.
  package var probability: UInt32 { UInt32(value) }

  package mutating func update(_ bit: Bool) {
    let target: Int32 = bit ? 32768 : 0
    // The quotient is rounded towards zero.
    value += (target - value) / (count + 2)
    value = min(max(value, Self.bounds.lowerBound), Self.bounds.upperBound)
    if count < Self.countLimit { count += 1 }
  }
}

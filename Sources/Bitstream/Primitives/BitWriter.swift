/// Packs numbers of few bits into bytes, most significant bit first. Inverse: `BitReader`.
package struct BitWriter: Sendable {
  /// The bytes filled so far; an unfinished one is held back until `finish`.
  package private(set) var bytes: [UInt8] = []
  private var pending: UInt64 = 0
  private var pendingCount = 0

  /// An empty writer.
  package init() {}

  /// Appends the lowest `count` bits of `value`, 0 to 32 of them.
  package mutating func write(_ value: UInt32, count: Int) {
    precondition((0...32).contains(count) && (count == 32 || value >> UInt32(count) == 0))
    pending = pending << UInt64(count) | UInt64(value)
    pendingCount += count
    while pendingCount >= 8 {
      pendingCount -= 8
      bytes.append(UInt8(truncatingIfNeeded: pending >> UInt64(pendingCount)))
    }
  }

  /// Fills the last byte with zero bits and returns all bytes.
  package mutating func finish() -> [UInt8] {
    if pendingCount > 0 { write(0, count: 8 - pendingCount) }
    return bytes
  }
}

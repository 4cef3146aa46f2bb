/// Unpacks numbers of few bits from bytes, most significant bit first. Inverse: `BitWriter`.
package struct BitReader: Sendable {
  private let bytes: ArraySlice<UInt8>
  private var position: Int
  private var pending: UInt64 = 0
  private var pendingCount = 0

  /// A reader of `bytes`, a part of a file.
  package init(_ bytes: ArraySlice<UInt8>) {
    self.bytes = bytes
    position = bytes.startIndex
  }

  /// The next `count` bits, 0 to 32 of them.
  ///
  /// - Throws: `BitstreamError.truncated`.
  package mutating func read(count: Int) throws(BitstreamError) -> UInt32 {
    precondition((0...32).contains(count))
    while pendingCount < count {
      guard position < bytes.endIndex else {
        throw .truncated(what: "index bits", offset: position, needed: 1, available: 0)
      }
      pending = pending << 8 | UInt64(bytes[position])
      position += 1
      pendingCount += 8
    }
    pendingCount -= count
    return UInt32(truncatingIfNeeded: pending >> UInt64(pendingCount) & ((1 << UInt64(count)) - 1))
  }
}

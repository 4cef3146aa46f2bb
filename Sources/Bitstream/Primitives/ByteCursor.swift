/// Reads a file's bytes from front to back; every read is checked.
package struct ByteCursor {
  package let bytes: [UInt8]
  package private(set) var offset: Int
  /// Behind the last byte that may be read.
  private let end: Int

  /// Reads from `offset` on, up to `end` or to the last byte.
  package init(_ bytes: [UInt8], offset: Int = 0, end: Int? = nil) {
    self.bytes = bytes
    self.offset = offset
    self.end = end ?? bytes.count
  }

  var isAtEnd: Bool { offset == end }
  var remaining: Int { end - offset }

  mutating func byte(_ what: String) throws(BitstreamError) -> UInt8 {
    guard remaining >= 1 else {
      throw .truncated(what: what, offset: offset, needed: 1, available: 0)
    }
    defer { offset += 1 }
    return bytes[offset]
  }

  mutating func slice(_ count: Int, _ what: String) throws(BitstreamError) -> ArraySlice<UInt8> {
    guard remaining >= count else {
      throw .truncated(what: what, offset: offset, needed: count, available: remaining)
    }
    defer { offset += count }
    return bytes[offset..<offset + count]
  }

  /// Four bytes, most significant first.
  mutating func word(_ what: String) throws(BitstreamError) -> UInt32 {
    try slice(4, what).reduce(0) { $0 << 8 | UInt32($1) }
  }

  /// A varint (see `appendVarint`): at most nine bytes, shortest form.
  package mutating func varint(_ what: String) throws(BitstreamError) -> UInt64 {
    let start = offset
    var value: UInt64 = 0
    for k in 0..<9 {
      let next = try byte(what)
      value |= UInt64(next & 0x7F) << UInt64(7 * k)
      if next & 0x80 == 0 {
        guard next != 0 || k == 0 else {
          throw .invalidValue(
            what: what, offset: start, found: "\(k + 1) bytes", expected: "the shortest form")
        }
        return value
      }
    }
    throw .invalidValue(
      what: what, offset: start, found: "over 63 bits", expected: "at most 63 bits")
  }

  /// A varint that must not exceed `limit`.
  mutating func size(_ what: String, limit: Int) throws(BitstreamError) -> Int {
    let value = Int(clamping: try varint(what))
    guard value <= limit else { throw .limitExceeded(what: what, found: value, limit: limit) }
    return value
  }
}

extension [UInt8] {
  /// Seven bits a byte, least significant first, the top bit set on all but the last byte (LEB128). Inverse:
  /// `ByteCursor.varint`.
  package mutating func appendVarint(_ value: UInt64) {
    var rest = value
    while rest >= 0x80 {
      append(UInt8(truncatingIfNeeded: rest) | 0x80)
      rest >>= 7
    }
    append(UInt8(rest))
  }

  /// Four bytes, most significant first. Inverse: `ByteCursor.word`.
  mutating func appendWord(_ value: UInt32) {
    for shift: UInt32 in [24, 16, 8, 0] { append(UInt8(truncatingIfNeeded: value >> shift)) }
  }
}

/// Bytes that a varint takes.
func varintByteCount(_ value: UInt64) -> Int {
  max(1, (64 - value.leadingZeroBitCount + 6) / 7)
}

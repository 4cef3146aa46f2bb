/// Reads binary decisions that `RangeEncoder` wrote.
package struct RangeDecoder {
  private let bytes: ArraySlice<UInt8>
  private var position: Int
  private var range: UInt32 = 0xFFFF_FFFF
  private var code: UInt32 = 0

  package init(_ bytes: ArraySlice<UInt8>) {
    self.bytes = bytes
    position = bytes.startIndex
    for _ in 0..<4 { code = code << 8 | next() }
  }

  /// Whether all bytes were looked at; past the end zeros are read.
  package var hasReadAll: Bool { position >= bytes.endIndex }

  /// A decision that is 1 with `probability / 2^scale`, scale being 15 or 16.
  @inline(__always)
  package mutating func decode(probability: UInt32, scale: UInt32) -> Bool {
    let bound = (range >> scale) * probability
    let bit = code < bound
    if bit {
      range = bound
    } else {
      code -= bound
      range -= bound
    }
    while range < 1 << 24 {
      range <<= 8
      code = code << 8 | next()
    }
    return bit
  }

  private mutating func next() -> UInt32 {
    defer { position += 1 }
    return position < bytes.endIndex ? UInt32(bytes[position]) : 0
  }
}

/// Writes binary decisions in about -log2(probability) bits each. Inverse: `RangeDecoder`.
///
/// A carry-propagating range coder (Martin, 1979) with a 32-bit range that is renormalized by bytes, as in
/// LZMA; `docs/format.md` specifies it.
package struct RangeEncoder {
  private var low: UInt64 = 0
  private var range: UInt32 = 0xFFFF_FFFF
  /// The last byte that a carry could still change, and how many 0xFF follow it.
  private var cache: UInt8?
  private var ones = 0
  private var bytes: [UInt8] = []

  package init() {}

  /// A decision that is 1 with `probability / 2^scale`, scale being 15 or 16.
  @inline(__always)
  package mutating func encode(_ bit: Bool, probability: UInt32, scale: UInt32) {
    let bound = (range >> scale) * probability
    if bit {
      range = bound
    } else {
      low += UInt64(bound)
      range -= bound
    }
    while range < 1 << 24 {
      range <<= 8
      shift()
    }
  }

  /// Bits so far, to the next whole one.
  var bitCount: Int {
    8 * (bytes.count + ones + (cache == nil ? 0 : 1)) + range.leadingZeroBitCount
  }

  /// Ends the code with as few bytes as identify it, and returns all bytes. Zero bytes at the end are left
  /// out: the decoder reads zeros past the end.
  package mutating func finish() -> [UInt8] {
    // The number in low ..< low + range with the most trailing zero bits.
    let high = low + UInt64(range) - 1
    for bits in stride(from: UInt64(32), through: 0, by: -8) {
      let candidate = (high >> bits) << bits
      if candidate >= low {
        low = candidate
        break
      }
    }
    for _ in 0..<5 { shift() }
    while bytes.last == 0 { bytes.removeLast() }
    return bytes
  }

  private mutating func shift() {
    if low < 0xFF00_0000 || low >= 1 << 32 {
      let carry = UInt8(low >> 32)
      if let cache { bytes.append(cache &+ carry) }
      for _ in 0..<ones { bytes.append(0xFF &+ carry) }
      ones = 0
      cache = UInt8(truncatingIfNeeded: low >> 24)
    } else {
      ones += 1
    }
    low = (low & 0x00FF_FFFF) << 8
  }
}

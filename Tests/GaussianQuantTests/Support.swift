import GaussianQuant

/// CRC-32, as in zlib and PNG, of the little-endian bytes of numbers.
func crc32(_ values: [Float]) -> UInt32 {
  let table = (0..<256 as Range<UInt32>).map { byte in
    (0..<8).reduce(byte) { rest, _ in rest & 1 == 1 ? rest >> 1 ^ 0xedb8_8320 : rest >> 1 }
  }
  return table.withUnsafeBufferPointer { table in
    values.withUnsafeBufferPointer { values in
      var rest = UInt32.max
      for value in values {
        var bits = value.bitPattern
        var byte = 0
        while byte < 4 {
          rest = rest >> 8 ^ table[Int((rest ^ bits) & 0xff)]
          bits >>= 8
          byte &+= 1
        }
      }
      return ~rest
    }
  }
}

/// A source of reproducible test numbers.
struct TestNumbers {
  private var position: UInt32 = 0
  private let stream: UInt32

  init(stream: Int) {
    self.stream = UInt32(stream)
  }

  /// Uniform in 0..<1.
  mutating func uniform() -> Double {
    position += 1
    return Double(Philox.block(counter: (position, stream, 0, 1), key: (7, 7)).0) * 0x1p-32
  }

  /// Standard normal.
  mutating func normal() -> Double {
    NormalQuantile.value(at: uniform() + 0x1p-33)
  }
}

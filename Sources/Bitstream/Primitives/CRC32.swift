/// The CRC-32 of PNG and zlib (ISO 3309, polynomial 0xEDB88320 reflected).
package struct CRC32: Sendable {
  private var state: UInt32 = 0xFFFF_FFFF

  private static let tables: [UInt32] = {
    // Four tables, so that four bytes are taken at a time.
    var tables = [UInt32](repeating: 0, count: 1024)
    for byte in 0..<256 {
      var value = UInt32(byte)
      for _ in 0..<8 { value = value & 1 == 0 ? value >> 1 : 0xEDB8_8320 ^ (value >> 1) }
      tables[byte] = value
    }
    for byte in 0..<256 {
      for table in 1..<4 {
        let before = tables[(table - 1) * 256 + byte]
        tables[table * 256 + byte] = (before >> 8) ^ tables[Int(before & 255)]
      }
    }
    return tables
  }()

  /// The checksum of no bytes.
  package init() {}

  /// The checksum of all bytes so far.
  package var value: UInt32 { ~state }

  /// Takes more bytes.
  package mutating func update(_ bytes: ArraySlice<UInt8>) {
    var crc = state
    bytes.withUnsafeBufferPointer { bytes in
      Self.tables.withUnsafeBufferPointer { table in
        var k = 0
        while k + 4 <= bytes.count {
          crc ^=
            UInt32(bytes[k]) | UInt32(bytes[k + 1]) << 8 | UInt32(bytes[k + 2]) << 16
            | UInt32(bytes[k + 3]) << 24
          crc =
            table[768 + Int(crc & 255)] ^ table[512 + Int(crc >> 8 & 255)]
            ^ table[256 + Int(crc >> 16 & 255)] ^ table[Int(crc >> 24)]
          k += 4
        }
        while k < bytes.count {
          crc = table[Int((crc ^ UInt32(bytes[k])) & 255)] ^ (crc >> 8)
          k += 1
        }
      }
    }
    state = crc
  }

  /// The checksum of some bytes.
  package static func of(_ bytes: ArraySlice<UInt8>) -> UInt32 {
    var crc = CRC32()
    crc.update(bytes)
    return crc.value
  }
}

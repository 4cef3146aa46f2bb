import GQBitstream
import Testing

struct PrimitiveTests {
  @Test func checksumOfTheStandardText() {
    #expect(CRC32.of(Array("123456789".utf8)[...]) == 0xCBF4_3926)
    #expect(CRC32.of([]) == 0)
    var parts = CRC32()
    parts.update(Array("12345".utf8)[...])
    parts.update(Array("6789".utf8)[...])
    #expect(parts.value == 0xCBF4_3926)
  }

  @Test(arguments: 1...32)
  func bitsComeBack(_ count: Int) throws {
    var generator = RepeatableGenerator(state: UInt64(count))
    let values = (0..<97).map { _ in
      UInt32(truncatingIfNeeded: generator.next() & ((1 << UInt64(count)) - 1))
    }
    var writer = BitWriter()
    for value in values { writer.write(value, count: count) }
    let bytes = writer.finish()
    #expect(bytes.count == (97 * count + 7) / 8)
    var reader = BitReader(bytes[...])
    for value in values {
      let found = try reader.read(count: count)
      #expect(found == value)
    }
    try reader.checkPadding()
  }

  @Test func bitOrderIsMostSignificantFirst() {
    var writer = BitWriter()
    writer.write(0b101, count: 3)
    writer.write(0xABC, count: 12)
    #expect(writer.finish() == [0b1011_0101, 0b0111_1000])
  }

  @Test func readingPastTheEndThrows() {
    var reader = BitReader([0xFF])
    #expect(throws: BitstreamError.self) { _ = try reader.read(count: 9) }
    #expect(throws: BitstreamError.self) {
      let unread = BitReader([0x00, 0x00])
      try unread.checkPadding()
    }
  }

  @Test(arguments: [0, 1, 127, 128, 16_383, 16_384, 1 << 32, UInt64.max >> 1])
  func varintsComeBack(_ value: UInt64) throws {
    var bytes: [UInt8] = []
    bytes.appendVarint(value)
    var cursor = ByteCursor(bytes)
    let found = try cursor.varint("value")
    #expect(found == value)
    #expect(cursor.offset == bytes.count)
  }

  @Test(arguments: [
    [], [0x80], [0x80, 0x00], [0xFF, 0x80, 0x00], [UInt8](repeating: 0xFF, count: 9),
    [UInt8](repeating: 0x80, count: 12),
  ])
  func badVarintsThrow(_ bytes: [UInt8]) {
    var cursor = ByteCursor(bytes)
    #expect(throws: BitstreamError.self) { _ = try cursor.varint("value") }
  }

  /// Long runs of what is least expected drive the range coder through its carries.
  @Test(arguments: 0..<40)
  func rangeCoderComesBack(_ seed: Int) {
    var generator = RepeatableGenerator(state: UInt64(seed))
    let rare = seed % 4
    let decisions = (0..<5000).map { k -> Bool in
      switch rare {
      case 0: return Bool.random(using: &generator)
      case 1: return k % 200 > 190
      case 2: return k < 4990 ? true : false
      default: return Int.random(in: 0..<400, using: &generator) == 0
      }
    }
    var models = [AdaptiveBit](repeating: AdaptiveBit(), count: 3)
    var encoder = RangeEncoder()
    for (k, bit) in decisions.enumerated() { encoder.encode(bit, &models[k % 3]) }
    let bytes = encoder.finish()
    models = [AdaptiveBit](repeating: AdaptiveBit(), count: 3)
    var decoder = RangeDecoder(bytes[...])
    let found = decisions.indices.map { decoder.decode(&models[$0 % 3]) }
    #expect(found == decisions)
    #expect(bytes.last != 0)
  }

  @Test func probabilitiesStayInRange() {
    var model = AdaptiveBit()
    for _ in 0..<10_000 { model.update(true) }
    #expect((32_700...32_752).contains(model.probability))
    for _ in 0..<10_000 { model.update(false) }
    #expect((16...64).contains(model.probability))
  }
}

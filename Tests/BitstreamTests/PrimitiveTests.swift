@testable import GQBitstream
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
    #expect(throws: BitstreamError.self) { try reader.read(count: 8) }
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
    // Every fourth decision by a mix of the three states that the others have alone.
    func code(
      _ bit: Bool, _ k: Int, _ states: borrowing ContextMixer, _ coder: inout some DecisionCoder
    )
      -> Bool
    {
      if k % 4 < 3 { return states.code(bit, state: k % 4, &coder) }
      for place in 0..<3 { states.places[place] = place }
      return states.code(bit, mixing: 3, weights: 0, &coder)
    }
    var encoder = RangeEncoder()
    let written = ContextMixer(states: 3, weights: 3)
    for (k, bit) in decisions.enumerated() { _ = code(bit, k, written, &encoder) }
    let bytes = encoder.finish()
    var decoder = RangeDecoder(bytes[...])
    let read = ContextMixer(states: 3, weights: 3)
    var found: [Bool] = []
    for k in decisions.indices { found.append(code(false, k, read, &decoder)) }
    #expect(found == decisions)
    #expect(bytes.last != 0)
  }

  /// A decision that is always the same comes to take next to nothing, and then many bits when it changes.
  @Test func statesLearn() {
    let states = ContextMixer(states: 2, weights: 1)
    func bits(_ decisions: [Bool], mixes: Bool) -> Int {
      var coder = RangeEncoder()
      for bit in decisions {
        states.places[0] = 1
        _ =
          mixes
          ? states.code(bit, mixing: 1, weights: 0, &coder) : states.code(bit, state: 0, &coder)
      }
      return 8 * coder.finish().count
    }
    for mixes in [false, true] {
      #expect(bits([Bool](repeating: true, count: 2000), mixes: mixes) < 80)
      #expect(bits([Bool](repeating: true, count: 2000), mixes: mixes) < 24)
      #expect(bits([Bool](repeating: false, count: 3), mixes: mixes) > 12)
    }
  }
}

/// How many bits a position sends at each level.
///
/// Levels are ordered by bits. Levels of equal bits are the variants of a rung: other allocations of the same
/// bits, for other content. What a variant means is the model's affair.
package struct LevelLadder: Sendable, Equatable {
  /// All levels of the same bits.
  package struct Rung: Sendable, Equatable {
    /// Bits that a position sends.
    package let bits: Int
    /// Levels of this rung, at least 1.
    package let variants: Int

    /// A rung; numbers outside the format's limits stop the program.
    package init(bits: Int, variants: Int) {
      precondition((0...LevelLadder.maxBits).contains(bits))
      precondition((1...LevelLadder.maxVariants).contains(variants))
      self.bits = bits
      self.variants = variants
    }
  }

  /// The most rungs a ladder may have.
  package static let maxRungCount = 32
  /// The most variants a rung may have.
  package static let maxVariants = 8
  /// The most bits a level may send.
  package static let maxBits = 4095

  /// The ladders that a file names by one byte, their place here.
  package static let standard = [
    LevelLadder([
      Rung(bits: 0, variants: 1), Rung(bits: 16, variants: 2), Rung(bits: 32, variants: 3),
      Rung(bits: 48, variants: 3), Rung(bits: 64, variants: 3), Rung(bits: 96, variants: 4),
      Rung(bits: 128, variants: 4), Rung(bits: 192, variants: 4), Rung(bits: 256, variants: 4),
      Rung(bits: 384, variants: 4), Rung(bits: 512, variants: 4), Rung(bits: 768, variants: 3),
    ]),
    LevelLadder([
      Rung(bits: 0, variants: 1), Rung(bits: 16, variants: 3), Rung(bits: 32, variants: 3),
      Rung(bits: 48, variants: 3), Rung(bits: 64, variants: 3), Rung(bits: 96, variants: 4),
      Rung(bits: 128, variants: 4), Rung(bits: 192, variants: 4), Rung(bits: 256, variants: 4),
      Rung(bits: 384, variants: 3), Rung(bits: 512, variants: 3), Rung(bits: 768, variants: 3),
      Rung(bits: 1024, variants: 3), Rung(bits: 1536, variants: 2), Rung(bits: 2304, variants: 1),
      Rung(bits: 3072, variants: 1),
    ]),
  ]

  static let explicitIdentifier: UInt8 = 255

  /// The rungs, bits rising.
  package let rungs: [Rung]
  /// Bits of every level.
  package let bits: [Int]
  /// The rung of every level.
  package let rungOfLevel: [Int]
  /// The first level of every rung.
  package let firstLevel: [Int]

  /// A ladder; rungs that do not rise or are too many stop the program.
  package init(_ rungs: [Rung]) {
    precondition((1...Self.maxRungCount).contains(rungs.count))
    precondition(zip(rungs, rungs.dropFirst()).allSatisfy { $0.bits < $1.bits })
    self.rungs = rungs
    bits = rungs.flatMap { Array(repeating: $0.bits, count: $0.variants) }
    rungOfLevel = rungs.indices.flatMap { Array(repeating: $0, count: rungs[$0].variants) }
    var first = 0
    firstLevel = rungs.map { rung in
      defer { first += rung.variants }
      return first
    }
  }

  /// The ladder of levels in the order of their bits; nil when they are out of order or beyond the limits.
  package init?(bits: [Int]) {
    var rungs: [Rung] = []
    for value in bits {
      guard (0...Self.maxBits).contains(value) else { return nil }
      if let last = rungs.last, last.bits == value {
        guard last.variants < Self.maxVariants else { return nil }
        rungs[rungs.count - 1] = Rung(bits: value, variants: last.variants + 1)
      } else {
        guard rungs.last.map({ $0.bits < value }) ?? true else { return nil }
        rungs.append(Rung(bits: value, variants: 1))
      }
    }
    guard (1...Self.maxRungCount).contains(rungs.count) else { return nil }
    self.init(rungs)
  }

  /// Number of levels.
  package var levelCount: Int { bits.count }

  /// Appends the ladder as it stands at the start of the level map. Inverse: `init(parsing:)`.
  func write(to bytes: inout [UInt8]) {
    if let place = Self.standard.firstIndex(of: self) {
      bytes.append(UInt8(place))
    } else {
      bytes.append(Self.explicitIdentifier)
      bytes.append(UInt8(rungs.count))
      for rung in rungs {
        bytes.appendVarint(UInt64(rung.bits))
        bytes.append(UInt8(rung.variants))
      }
    }
  }

  /// Reads a ladder. Inverse of `write`.
  init(parsing cursor: inout ByteCursor) throws(BitstreamError) {
    let start = cursor.offset
    switch try cursor.byte("level ladder") {
    case let place where Int(place) < Self.standard.count:
      self = Self.standard[Int(place)]
    case Self.explicitIdentifier:
      let count = Int(try cursor.byte("number of rungs"))
      guard (1...Self.maxRungCount).contains(count) else {
        throw .invalidValue(
          what: "number of rungs", offset: start + 1, found: "\(count)",
          expected: "1 to \(Self.maxRungCount)")
      }
      var rungs: [Rung] = []
      for _ in 0..<count {
        let place = cursor.offset
        let bits = try cursor.size("bits of a level", limit: Self.maxBits)
        let variants = Int(try cursor.byte("variants of a rung"))
        guard (1...Self.maxVariants).contains(variants),
          rungs.last.map({ $0.bits < bits }) ?? true
        else {
          throw .invalidValue(
            what: "rung", offset: place, found: "\(bits) bits, \(variants) variants",
            expected: "rising bits and 1 to \(Self.maxVariants) variants")
        }
        rungs.append(Rung(bits: bits, variants: variants))
      }
      self.init(rungs)
      guard !Self.standard.contains(self) else {
        throw .invalidValue(
          what: "level ladder", offset: start, found: "a standard ladder spelled out",
          expected: "its identifier")
      }
    case let other:
      throw .invalidValue(
        what: "level ladder", offset: start, found: "\(other)",
        expected: "below \(Self.standard.count), or 255")
    }
  }
}

/// How many bits a position sends at each level.
///
/// Levels are ordered by bits. Levels of equal bits are the allocation modes of a rate level: other allocations of the same
/// bits, for other content. What an allocation mode means is the model's affair.
package struct RateTable: Sendable, Equatable {
  /// All levels of the same bits.
  package struct RateLevel: Sendable, Equatable {
    /// Bits that a position sends.
    package let bits: Int
    /// Levels of this rate level, at least 1.
    package let modes: Int

    /// A rate level; numbers outside the format's limits stop the program.
    package init(bits: Int, modes: Int) {
      precondition((0...RateTable.maxBits).contains(bits))
      precondition((1...RateTable.maxModes).contains(modes))
      self.bits = bits
      self.modes = modes
    }
  }

  /// The most rate levels a rate table may have.
  package static let maxRateLevelCount = 32
  /// The most allocation modes a rate level may have.
  package static let maxModes = 8
  /// The most bits a level may send.
  package static let maxBits = 4095

  /// The rate tables that a file names by one byte, their place here.
  package static let standard = [
    RateTable([
      RateLevel(bits: 0, modes: 1), RateLevel(bits: 16, modes: 3), RateLevel(bits: 32, modes: 4),
      RateLevel(bits: 48, modes: 4), RateLevel(bits: 64, modes: 4), RateLevel(bits: 96, modes: 5),
      RateLevel(bits: 128, modes: 5), RateLevel(bits: 192, modes: 5),
      RateLevel(bits: 256, modes: 5), RateLevel(bits: 384, modes: 5),
      RateLevel(bits: 512, modes: 5), RateLevel(bits: 768, modes: 4),
      RateLevel(bits: 1024, modes: 4), RateLevel(bits: 1536, modes: 4),
      RateLevel(bits: 2304, modes: 3), RateLevel(bits: 3072, modes: 3),
    ]),
    withoutCodes,
  ]

  /// That of pictures that need no model: one level, which sends nothing.
  package static let withoutCodes = RateTable([RateLevel(bits: 0, modes: 1)])

  static let explicitIdentifier: UInt8 = 255

  /// The rate levels, bits rising.
  package let rateLevels: [RateLevel]
  /// Bits of every level.
  package let bits: [Int]
  /// The rate level of every level.
  package let rateLevelOfLevel: [Int]
  /// The first level of every rate level.
  package let firstLevel: [Int]

  /// A rate table; rate levels that do not rise or are too many stop the program.
  package init(_ rateLevels: [RateLevel]) {
    precondition((1...Self.maxRateLevelCount).contains(rateLevels.count))
    precondition(zip(rateLevels, rateLevels.dropFirst()).allSatisfy { $0.bits < $1.bits })
    self.rateLevels = rateLevels
    bits = rateLevels.flatMap { Array(repeating: $0.bits, count: $0.modes) }
    rateLevelOfLevel = rateLevels.indices.flatMap {
      Array(repeating: $0, count: rateLevels[$0].modes)
    }
    var first = 0
    firstLevel = rateLevels.map { rateLevel in
      defer { first += rateLevel.modes }
      return first
    }
  }

  /// The rate table of levels in the order of their bits; nil when they are out of order or beyond the limits.
  package init?(bits: [Int]) {
    var rateLevels: [RateLevel] = []
    for value in bits {
      guard (0...Self.maxBits).contains(value) else { return nil }
      if let last = rateLevels.last, last.bits == value {
        guard last.modes < Self.maxModes else { return nil }
        rateLevels[rateLevels.count - 1] = RateLevel(bits: value, modes: last.modes + 1)
      } else {
        guard rateLevels.last.map({ $0.bits < value }) ?? true else { return nil }
        rateLevels.append(RateLevel(bits: value, modes: 1))
      }
    }
    guard (1...Self.maxRateLevelCount).contains(rateLevels.count) else { return nil }
    self.init(rateLevels)
  }

  /// Number of levels.
  package var levelCount: Int { bits.count }

  /// Appends the rate table as it stands at the start of the level map. Inverse: `init(parsing:)`.
  func write(to bytes: inout [UInt8]) {
    if let place = Self.standard.firstIndex(of: self) {
      bytes.append(UInt8(place))
    } else {
      bytes.append(Self.explicitIdentifier)
      bytes.append(UInt8(rateLevels.count))
      for rateLevel in rateLevels {
        bytes.appendVarint(UInt64(rateLevel.bits))
        bytes.append(UInt8(rateLevel.modes))
      }
    }
  }

  /// Reads a rate table. Inverse of `write`.
  init(parsing cursor: inout ByteCursor) throws(BitstreamError) {
    let start = cursor.offset
    switch try cursor.byte("rate table") {
    case let place where Int(place) < Self.standard.count:
      self = Self.standard[Int(place)]
    case Self.explicitIdentifier:
      let count = Int(try cursor.byte("number of rate levels"))
      guard (1...Self.maxRateLevelCount).contains(count) else {
        throw .invalidValue(
          what: "number of rate levels", offset: start + 1, found: "\(count)",
          expected: "1 to \(Self.maxRateLevelCount)")
      }
      var rateLevels: [RateLevel] = []
      for _ in 0..<count {
        let place = cursor.offset
        let bits = try cursor.size("bits of a level", limit: Self.maxBits)
        let modes = Int(try cursor.byte("allocation modes of a rate level"))
        guard (1...Self.maxModes).contains(modes),
          rateLevels.last.map({ $0.bits < bits }) ?? true
        else {
          throw .invalidValue(
            what: "rate level", offset: place, found: "\(bits) bits, \(modes) allocation modes",
            expected: "rising bits and 1 to \(Self.maxModes) allocation modes")
        }
        rateLevels.append(RateLevel(bits: bits, modes: modes))
      }
      self.init(rateLevels)
      guard !Self.standard.contains(self) else {
        throw .invalidValue(
          what: "rate table", offset: start, found: "a standard rate table spelled out",
          expected: "its identifier")
      }
    case let other:
      throw .invalidValue(
        what: "rate table", offset: start, found: "\(other)",
        expected: "below \(Self.standard.count), or 255")
    }
  }
}

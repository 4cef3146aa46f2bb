package import GQBitstream

/// How many bits each coefficient gets at every level in every phase, and in which group it is sent.
///
/// A position's coefficients are sent in groups, one after the other: the magnitudes of one refine the scales of the next.
package struct LevelTable: Sendable, Equatable {
  /// A bit-allocation band: adjacent coefficients with the same number of bits.
  package struct Band: Sendable, Equatable {
    /// The first coefficient.
    package let first: Int
    /// Number of coefficients.
    package let count: Int
    /// Bits of each.
    package let bits: Int
    /// Expected squared error of codewords relative to the posterior's variance.
    package let codeError: Float

    /// The coefficients.
    package var coefficients: Range<Int> { first..<first + count }
  }

  /// Some of the coefficients of a position, all before those of the next group.
  package struct Group: Sendable, Equatable {
    /// Its bit-allocation bands, coefficients rising.
    package let bands: [Band]
    /// Number of coefficients.
    package let count: Int
    /// Bits of all of them.
    package let bits: Int
    /// From the first coefficient to the last, with those that are not sent in between.
    package let span: Range<Int>

    init(_ bands: [Band]) {
      self.bands = bands
      count = bands.reduce(0) { $0 + $1.count }
      bits = bands.reduce(0) { $0 + $1.count * $1.bits }
      span = (bands.first?.first ?? 0)..<(bands.last?.coefficients.upperBound ?? 0)
    }
  }

  /// [phases][levels][groups]
  private let groups: [[[Group]]]
  /// Groups of a position.
  package let groupCount: Int
  /// For each level the most coefficients that are sent in a phase.
  package let counts: [Int]
  /// Entries of a position's coefficients: the most that a level has, those that are not sent included.
  package let width: Int
  /// Bits that a position sends at each level.
  package let bits: [Int]
  /// The bits of codes as a path takes them.
  package let codes: CodeTable
  /// The most bits of a code.
  package let mostBits: Int
  /// [phases][levels]: the coefficients that codes are of.
  private let coefficients: [[[Int]]]

  /// The level of files that need no model: it sends nothing.
  package static let withoutCodes = LevelTable(
    bands: CodingPhase.allCases.map { _ in [[]] },
    codes: CodeTable(widths: CodingPhase.allCases.map { _ in [[]] }, groupEnds: [8]), width: 0)

  /// The levels that a model's configuration lists.
  package init(_ configuration: ModelConfiguration) {
    let bands = CodingPhase.allCases.map { phase in
      configuration.levels.map { level in
        var (first, sent) = (0, [Band]())
        for pair in level[phase.rawValue] {
          let (bits, count) = (pair[0], pair[1])
          if bits > 0 {
            sent.append(
              Band(
                first: first, count: count, bits: bits,
                codeError: Float(configuration.codeError[bits - 1])))
          }
          first += count
        }
        return sent
      }
    }
    let codes = CodeTable(
      widths: bands.map { levels in
        levels.map { $0.flatMap { Array(repeating: $0.bits, count: $0.count) } }
      }, groupEnds: configuration.groupEnds)
    self.init(bands: bands, codes: codes, width: configuration.latents)
  }

  private init(bands: [[[Band]]], codes: CodeTable, width: Int) {
    groups = bands.map { levels in
      levels.map { bands in
        let count = bands.reduce(0) { $0 + $1.count }
        return (0..<codes.groupCount).map {
          Group(Self.part(codes.group($0, of: count), of: bands))
        }
      }
    }
    groupCount = codes.groupCount
    counts = bands[0].indices.map { level in
      bands.map { $0[level].reduce(0) { $0 + $1.count } }.max() ?? 0
    }
    bits = bands[0].map { $0.reduce(0) { $0 + $1.bits * $1.count } }
    self.codes = codes
    self.width = width
    mostBits = codes.widths.joined().joined().max() ?? 0
    coefficients = bands.map { $0.map { $0.flatMap { Array($0.coefficients) } } }
  }

  /// Number of levels.
  package var levelCount: Int { bits.count }

  /// The coefficients of a position's codes, in their order.
  package func coefficients(_ level: UInt8, _ phase: CodingPhase) -> [Int] {
    coefficients[phase.rawValue][Int(level)]
  }

  /// What a position of a level sends in a phase, group by group.
  package func groups(_ level: UInt8, _ phase: CodingPhase) -> [Group] {
    groups[phase.rawValue][Int(level)]
  }

  /// One of these groups.
  package func group(_ group: Int, _ level: UInt8, _ phase: CodingPhase) -> Group {
    groups[phase.rawValue][Int(level)][group]
  }

  /// The bands of some coefficients, counted without those that are not sent.
  private static func part(_ wanted: Range<Int>, of bands: [Band]) -> [Band] {
    var (rank, result) = (0, [Band]())
    for band in bands {
      let own = wanted.clamped(to: rank..<rank + band.count)
      if !own.isEmpty {
        result.append(
          Band(
            first: band.first + own.lowerBound - rank, count: own.count, bits: band.bits,
            codeError: band.codeError))
      }
      rank += band.count
    }
    return result
  }
}

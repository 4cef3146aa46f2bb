/// How many bits each coefficient gets at every level.
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

  /// For each level the bit-allocation bands that are sent, coefficients rising.
  package let levels: [[Band]]
  /// For each level the number of coefficients that are sent.
  package let counts: [Int]
  /// Entries of a position's coefficients: the most that a level has, those that are not sent included.
  package let width: Int

  /// Bits that a position sends at each level.
  package let bits: [Int]

  /// The level of files that need no model: it sends nothing.
  package static let withoutCodes = LevelTable(bands: [[]], width: 0)

  /// The levels that a model's configuration lists.
  package init(_ configuration: ModelConfiguration) {
    let levels = configuration.levels.map { bands in
      var (first, sent) = (0, [Band]())
      for pair in bands {
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
    self.init(bands: levels, width: configuration.latents)
  }

  private init(bands levels: [[Band]], width: Int) {
    self.levels = levels
    counts = levels.map { $0.reduce(0) { $0 + $1.count } }
    bits = levels.map { $0.reduce(0) { $0 + $1.bits * $1.count } }
    self.width = width
  }
}

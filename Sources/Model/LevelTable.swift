/// How many bits each coefficient gets at every level.
public struct LevelTable: Sendable, Equatable {
  /// Adjacent coefficients with the same number of bits.
  public struct Run: Sendable, Equatable {
    /// The first coefficient.
    public let first: Int
    /// Number of coefficients.
    public let count: Int
    /// Bits of each.
    public let bits: Int
    /// Expected squared error of codewords relative to the posterior's variance.
    public let codeError: Float

    /// The coefficients.
    public var coefficients: Range<Int> { first..<first + count }
  }

  /// For each level its runs, bits falling.
  public let levels: [[Run]]
  /// For each level the number of its coefficients.
  public let counts: [Int]
  /// The most coefficients of a level.
  public let width: Int

  /// Bits that a position sends at each level.
  public let bits: [Int]

  /// The levels that a model's configuration lists.
  public init(_ configuration: ModelConfiguration) {
    levels = configuration.levels.map { runs in
      var first = 0
      return runs.map { pair in
        let (bits, count) = (pair[0], pair[1])
        defer { first += count }
        return Run(
          first: first, count: count, bits: bits,
          codeError: Float(configuration.codeError[bits - 1]))
      }
    }
    counts = levels.map { $0.reduce(0) { $0 + $1.count } }
    bits = levels.map { $0.reduce(0) { $0 + $1.bits * $1.count } }
    width = max(1, counts.max() ?? 0)
  }
}

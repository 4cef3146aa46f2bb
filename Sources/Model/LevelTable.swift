#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// Which codebook groups every level sends, and what their codewords stand for.
public struct LevelTable: Sendable, Equatable {
  /// Adjacent latent channels that share one index.
  public struct Group: Sendable, Equatable {
    /// The first channel.
    public let first: Int
    /// Number of channels.
    public let dimension: Int
    /// What is left of a latent's unit spread when this group is coded: 1 for the first group that codes
    /// its channels, less for one that refines them.
    public let scale: Float
    /// The best estimate of a latent from its codeword value, as a factor: sqrt(1 - v) for a group of
    /// posterior variance v at mean energy 1.
    public let shrink: Float

    /// The channels.
    public var channels: Range<Int> { first..<first + dimension }
  }

  /// For each level its groups in the order of their indices.
  public let levels: [[Group]]

  /// Index count of each level: the ladder of the bitstream.
  public var indexCounts: [Int] { levels.map(\.count) }

  /// Group dimensions in use, ascending.
  public var dimensions: [Int] { Set(levels.joined().map(\.dimension)).sorted() }

  init(_ configuration: ModelConfiguration) throws(ModelError) {
    var levels: [[Group]] = []
    for description in configuration.levels {
      var left = [Double](repeating: 1, count: configuration.latents)
      var groups: [Group] = []
      for pair in description {
        let (first, dimension) = (pair[0], pair[1])
        let scale = left[first]
        guard left[first..<first + dimension].allSatisfy({ $0 == scale }) else {
          throw .badConfiguration("group \(pair) refines channels of different precision")
        }
        let variance = exp2(-2 * Double(configuration.codebookBits) / Double(dimension))
        let error = configuration.codeError[String(dimension)] ?? 1
        groups.append(
          Group(
            first: first, dimension: dimension, scale: Float(scale),
            shrink: Float((1 - variance).squareRoot())))
        for channel in first..<first + dimension { left[channel] *= (variance * error).squareRoot() }
      }
      levels.append(groups)
    }
    self.levels = levels
  }
}

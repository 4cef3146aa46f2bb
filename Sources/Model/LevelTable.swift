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
    /// How many groups of the level coded these channels before: 0, or more for a group that refines them.
    public let stage: Int
    /// What is left of a latent's unit spread when this group is coded: 1 for the first group that codes
    /// its channels, less for one that refines them.
    public let scale: Float
    /// The best estimate of a latent from its codeword value, as a factor: sqrt(1 - v) for a group of
    /// posterior variance v at mean energy 1.
    public let shrink: Float

    /// Expected squared error of the codeword relative to the posterior's variance.
    public let codeError: Float

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
      var stages = [Int](repeating: 0, count: configuration.latents)
      var groups: [Group] = []
      for pair in description {
        let (first, dimension) = (pair[0], pair[1])
        let scale = left[first]
        let channels = first..<first + dimension
        guard channels.allSatisfy({ left[$0] == scale && stages[$0] == stages[first] }) else {
          throw .badConfiguration("group \(pair) refines channels of different precision")
        }
        let variance = exp2(-2 * Double(configuration.codebookBits) / Double(dimension))
        let error = configuration.codeError[String(dimension)] ?? 1
        groups.append(
          Group(
            first: first, dimension: dimension, stage: stages[first], scale: Float(scale),
            shrink: Float((1 - variance).squareRoot()), codeError: Float(error)))
        for channel in channels {
          left[channel] *= (variance * error).squareRoot()
          stages[channel] += 1
        }
      }
      levels.append(groups)
    }
    self.levels = levels
  }
}

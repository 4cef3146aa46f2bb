#if canImport(Darwin)
  import Darwin
#elseif canImport(Musl)
  import Musl
#else
  import Glibc
#endif

/// The posterior of one latent element: a normal distribution as the encoder gives it.
struct Posterior {
  let mean: Double
  let logVariance: Double
  let variance: Double

  /// - Parameter range: The log variances that are used; others are moved to the nearer end.
  init(mean: Float, logVariance: Float, range: ClosedRange<Double>) {
    self.mean = Double(mean)
    self.logVariance = min(max(Double(logVariance), range.lowerBound), range.upperBound)
    variance = exp(self.logVariance)
  }

  /// Bits per nat. The published code writes 1.4426 for log2 e; so does this, for the numbers to agree.
  static let bitsPerNat = 1.4426

  /// The standard deviation.
  var deviation: Double { exp(logVariance / 2) }

  /// Kullback-Leibler divergence from N(0, 1) in bits.
  var divergence: Double {
    Self.bitsPerNat * 0.5 * (mean * mean + variance - 1 - logVariance)
  }
}

/// The divergences of some groups from the prior in short: what each would take to send.
public struct DivergenceSummary: Sendable, Equatable {
  /// Mean over the groups, in bits.
  public let mean: Double
  /// Smallest of the groups, in bits.
  public let minimum: Double
  /// Largest of the groups, in bits.
  public let maximum: Double

  /// Sums up the divergences of at least one group, in bits; none stops the program.
  public init(_ divergences: [Double]) {
    precondition(!divergences.isEmpty, "there is at least one group")
    var sum = 0.0
    var minimum = divergences[0]
    var maximum = divergences[0]
    for divergence in divergences {
      sum += divergence
      minimum = min(minimum, divergence)
      maximum = max(maximum, divergence)
    }
    mean = sum / Double(divergences.count)
    self.minimum = minimum
    self.maximum = maximum
  }
}

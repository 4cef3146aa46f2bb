/// A codebook of paths through a trellis of fixed Gaussian noise: trellis GaussianQuant.
///
/// The state is a shift register of `stateBitCount` bits. A step of k bits shifts k new bits in from
/// below, drops the k oldest, and emits `values[state]`. A group of n elements of k bits each is a
/// path of n steps; its codebook are the 2^(k n) paths from the state before it. Nothing is stored
/// or trained.
///
/// `values` are the quantiles of the normal distribution at (q + 0.5) / 2^stateBitCount, in an order
/// that makes the values of sibling states as different as can be: bit i of the state, xored with a
/// hash of the bits above it, is bit stateBitCount - 1 - i of q (a nested scrambling, after Owen,
/// *Randomly permuted (t,m,s)-nets and (t,s)-sequences*, 1995). The k bits of a step therefore choose
/// one of 2^k strata of equal probability, and the bits before them the place within the stratum,
/// whatever k is: steps of different k can follow each other. The hash is the lowest bit of the first
/// word of `Philox.block` of the counter (state >> (i + 1), i, stateBitCount, 0x47515452) and the key
/// (low word of the seed, high word of the seed). `docs/codebook.md` gives the same in full.
///
/// After Marcellin and Fischer, *Trellis coded quantization of memoryless and Gauss-Markov sources*,
/// IEEE Transactions on Communications 38(1), 1990.
public struct Trellis: Sendable {
  /// The bits that a state can have.
  public static let stateBitCounts = 5...16
  /// The most bits of a step, with a state of 12 bits or more.
  public static let maximumStepBits = 8

  /// Bits of a state.
  public let stateBitCount: Int
  /// Chooses one of 2^64 trellises.
  public let seed: UInt64
  /// What each state emits, `[2^stateBitCount]`.
  public let values: [Float]

  /// The bits that a step can have: at least 4 older bits stay in the state.
  public var stepBits: ClosedRange<Int> {
    1...min(Trellis.maximumStepBits, stateBitCount - 4)
  }

  /// Derives the values of a trellis.
  ///
  /// - Parameters:
  ///   - stateBitCount: One of `stateBitCounts`.
  ///   - seed: Chooses one of 2^64 trellises.
  /// - Throws: `GaussianQuantError.stateBits`.
  public init(stateBitCount: Int, seed: UInt64 = 0) throws(GaussianQuantError) {
    guard Trellis.stateBitCounts.contains(stateBitCount) else {
      throw .stateBits(found: stateBitCount, expected: Trellis.stateBitCounts)
    }
    self.stateBitCount = stateBitCount
    self.seed = seed
    let key = (UInt32(truncatingIfNeeded: seed), UInt32(truncatingIfNeeded: seed >> 32))
    // The hash of bit i depends on the bits above alone: 2^(stateBitCount - 1 - i) of them.
    let hashes = (0..<stateBitCount).map { i in
      (0..<UInt32(1) << UInt32(stateBitCount - 1 - i)).map { above in
        Philox.block(
          counter: (above, UInt32(i), UInt32(stateBitCount), Trellis.purpose), key: key
        ).0 & 1
      }
    }
    let scale = Double(sign: .plus, exponent: -stateBitCount, significand: 1)
    values = (0..<1 << stateBitCount).map { state in
      var place: UInt32 = 0
      for i in 0..<stateBitCount {
        let bit = UInt32(state >> i & 1) ^ hashes[i][state >> (i + 1)]
        place |= bit << UInt32(stateBitCount - 1 - i)
      }
      return Float(NormalQuantile.unchecked((Double(place) + 0.5) * scale))
    }
  }

  /// The state after a step. Inverse: the step's bits are the lowest `count` of the state after it.
  ///
  /// - Parameters:
  ///   - state: The state before the step.
  ///   - bits: The bits shifted in; those above `count` must be zero.
  ///   - count: One of `stepBits`.
  @inline(__always)
  public func state(after state: UInt32, bits: UInt32, count: Int) -> UInt32 {
    (state << UInt32(count) | bits) & (1 << UInt32(stateBitCount) - 1)
  }

  /// Marks the trellis among all uses of the generator: "GQTR".
  private static let purpose: UInt32 = 0x4751_5452
}

/// A codebook of paths through a trellis of fixed Gaussian noise: trellis GaussianQuant.
///
/// The state is a shift register of `stateBitCount` bits. Of the k bits of a step the lowest, two at most, are shifted
/// into it from below, and as many of the oldest leave; those above, if there are any, choose one of 2^(k - 2) cells. The step emits
/// the value that the state after it has in that cell. A group of n elements of k bits each is a
/// path of n steps; its codebook are the 2^(k n) paths from the state before it. Nothing is stored
/// or trained.
///
/// A state's place q is a number of `stateBitCount` bits, in an order that makes the places of sibling states as different as can
/// be: bit i of the state, xored with a hash of the bits above it, is bit stateBitCount - 1 - i of q (a nested scrambling, after
/// Owen, *Randomly permuted (t,m,s)-nets and (t,s)-sequences*, 1995). The hash is the lowest bit of the first
/// word of `Philox.block` of the counter (state >> (i + 1), i, stateBitCount, 0x47515452) and the key
/// (low word of the seed, high word of the seed). The value in cell c of C is about the quantile of the normal distribution at
/// (c + (q + 0.5) / 2^stateBitCount) / C. The k bits of a step therefore choose
/// one of 2^k strata of equal probability, and the bits before them the place within the stratum,
/// whatever k is: steps of different k can follow each other. `docs/codebook.md` gives the same in full.
///
/// After Marcellin and Fischer, *Trellis coded quantization of memoryless and Gauss-Markov sources*,
/// IEEE Transactions on Communications 38(1), 1990; the cells are parallel transitions, after Ungerboeck, *Channel coding
/// with multilevel/phase signals*, IEEE Transactions on Information Theory 28(1), 1982.
public struct Trellis: Sendable {
  /// The bits that a state can have.
  public static let stateBitCounts = 5...16
  /// The most bits of a step, with a state of 12 bits or more.
  public static let maximumStepBits = 8

  /// How many of a step's bits enter the state at most.
  public static let enteringBits = 2

  /// Bits of a state.
  public let stateBitCount: Int
  /// Chooses one of 2^64 trellises.
  public let seed: UInt64
  /// The quantiles of the normal distribution at (place + 0.5) / 2^stateBitCount, `[2^stateBitCount]`.
  public let quantiles: [Float]
  /// The place of each state, `[2^stateBitCount]`.
  public let places: [UInt16]

  /// What each state emits after a step of one or two bits, `[2^stateBitCount]`.
  public var values: [Float] { places.map { quantiles[Int($0)] } }

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
    quantiles = (0..<1 << stateBitCount).map {
      Float(NormalQuantile.unchecked((Double($0) + 0.5) * scale))
    }
    places = (0..<1 << stateBitCount).map { state in
      var place: UInt32 = 0
      for i in 0..<stateBitCount {
        let bit = UInt32(state >> i & 1) ^ hashes[i][state >> (i + 1)]
        place |= bit << UInt32(stateBitCount - 1 - i)
      }
      return UInt16(place)
    }
  }

  /// The state after a step.
  ///
  /// - Parameters:
  ///   - state: The state before the step.
  ///   - bits: The step's bits; those above `count` must be zero.
  ///   - count: One of `stepBits`.
  @inline(__always)
  public func state(after state: UInt32, bits: UInt32, count: Int) -> UInt32 {
    Trellis.state(after: state, bits: bits, count: count, stateBitCount: stateBitCount)
  }

  /// The state after a step of any trellis with states of so many bits.
  @inline(__always)
  public static func state(
    after state: UInt32, bits: UInt32, count: Int, stateBitCount: Int
  ) -> UInt32 {
    let entering = UInt32(min(count, enteringBits))
    return (state << entering | bits & (1 << entering - 1)) & (1 << UInt32(stateBitCount) - 1)
  }

  /// What a step emits.
  ///
  /// - Parameters:
  ///   - state: The state after the step.
  ///   - bits: The step's bits; those above `count` must be zero.
  ///   - count: One of `stepBits`.
  @inline(__always)
  public func value(of state: UInt32, bits: UInt32, count: Int) -> Float {
    let place = Int32(places[Int(state)])
    guard count > Trellis.enteringBits else { return quantiles[Int(place)] }
    let cells = Int32(1) << Int32(count - Trellis.enteringBits)
    let cell = Int32(bits >> UInt32(Trellis.enteringBits))
    // Between quantiles, in parts of the step from one to the next.
    let position = 2 * (cell << Int32(stateBitCount) + place) + 1 - cells
    guard position > 0 else { return quantiles[0] }
    let below = Int(position / (2 * cells))
    guard below + 1 < quantiles.count else { return quantiles[quantiles.count - 1] }
    let low = quantiles[below]
    let part = Float(position % (2 * cells)) / Float(2 * cells)
    return low + (quantiles[below + 1] - low) * part
  }

  /// Marks the trellis among all uses of the generator: "GQTR".
  private static let purpose: UInt32 = 0x4751_5452
}

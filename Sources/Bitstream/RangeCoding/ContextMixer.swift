/// What binary decisions have been in their contexts so far, and probabilities made of that: of one state alone, or by logistic
/// mixing of several (Mahoney, "Adaptive Weighing of Context Models for Lossless Data Compression", 2005). Integers only.
///
/// A state, of a decision in a context, has the probability of a 1 in its upper 22 bits, and how often it has learned in the lower
/// 10. `docs/format.md`, sections 4.2 and 4.3, specify every operation.
struct ContextMixer: ~Copyable {
  private let states: UnsafeMutablePointer<UInt32>
  private let weights: UnsafeMutablePointer<Int32>
  private let odds: UnsafeMutablePointer<Int16>
  private let inputOdds: UnsafeMutablePointer<Int32>
  /// The states that a mix is made of.
  let places: UnsafeMutablePointer<Int>
  private let steps: UnsafeMutablePointer<Int32>

  /// Inputs of a mix are at most this many, for sums that 32 bits hold.
  static let mostInputs = 7
  private static let firstState: UInt32 = 1 << 31
  private static let firstWeight: Int32 = 20000
  private static let weightLimit: Int32 = 1 << 17
  /// A probability moves by about 1 / (n + 1.5) of what it missed by, n being how often it has learned, up to here.
  private static let countLimit: UInt32 = 40
  private static let steadyCountLimit: UInt32 = 127

  /// - Parameters:
  ///   - count: states; where whose are is up to the caller.
  ///   - weightCount: weights of mixes, likewise; 0 where no decision is mixed.
  init(states count: Int, weights weightCount: Int = 0) {
    states = .allocate(capacity: count)
    states.initialize(repeating: Self.firstState, count: count)
    weights = .allocate(capacity: weightCount)
    weights.initialize(repeating: Self.firstWeight, count: weightCount)
    places = .allocate(capacity: Self.mostInputs)
    places.initialize(repeating: 0, count: Self.mostInputs)
    inputOdds = .allocate(capacity: Self.mostInputs)
    inputOdds.initialize(repeating: 0, count: Self.mostInputs)
    odds = .allocate(capacity: 4096)
    for k in 0..<4096 { odds[k] = Int16(LogOdds.of(UInt32(k << 3))) }
    steps = .allocate(capacity: 128)
    for k in 0..<128 { steps[k] = Int32(16384 / (2 * k + 3)) }
  }

  deinit {
    states.deallocate()
    weights.deallocate()
    odds.deallocate()
    inputOdds.deallocate()
    places.deallocate()
    steps.deallocate()
  }

  /// Codes a decision by one state alone, to 16 bits of probability.
  @inline(__always)
  func code(_ decision: Bool, state: Int, _ coder: inout some DecisionCoder) -> Bool {
    let probability = min(max(states[state] >> 16, 1), 65535)
    let bit = coder.code(decision, probability: probability, scale: 16)
    learn(state, bit, limit: Self.steadyCountLimit)
    return bit
  }

  /// Codes a decision by a mix of the first states in `places`, with as many weights from `first` on.
  @inline(__always)
  func code(
    _ decision: Bool, mixing inputs: Int, weights first: Int, _ coder: inout some DecisionCoder
  ) -> Bool {
    let weights = weights + first
    // Below 2^31: weights are at most 2^17, log odds below 2^11.
    var sum: Int32 = 0
    for k in 0..<inputs {
      let odds = Int32(odds[Int(states[places[k]] >> 20)])
      inputOdds[k] = odds
      sum &+= weights[k] &* odds
    }
    let mixed = LogOdds.probability(sum >> 16)
    let bit = coder.code(decision, probability: UInt32(mixed), scale: 15)
    let error = (bit ? 32768 : 0) - mixed
    for k in 0..<inputs {
      let moved = weights[k] &+ (inputOdds[k] &* error &+ 4096) >> 13
      weights[k] = min(max(moved, -Self.weightLimit), Self.weightLimit)
      learn(places[k], bit, limit: Self.countLimit)
    }
    return bit
  }

  @inline(__always)
  private func learn(_ place: Int, _ bit: Bool, limit: UInt32) {
    let state = states[place]
    let count = state & 1023
    let missed = (bit ? 0x3F_FFFF : 0) - Int32(state >> 10)
    // Below 2^31: a state that has not learned is one half, others move by a fifth at most of 2^19.
    let moved = UInt32(
      bitPattern: Int32(bitPattern: state & ~1023) &+ (missed >> 3) &* steps[Int(count)])
    states[place] = moved & ~1023 | min(count + 1, limit)
  }
}

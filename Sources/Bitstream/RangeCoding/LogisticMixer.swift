/// Binary decisions whose probability is made from what three contexts have learned: their log odds, weighed by how well each
/// has done so far (Mahoney, "Adaptive Weighing of Context Models for Lossless Data Compression", 2005). Integers only.
struct LogisticMixer {
  /// What is learned in every context, input after input.
  private var models: [AdaptiveBit]
  /// Where the contexts of the second and third input begin.
  private let (second, third): (Int, Int)
  /// 65536 times the weights, [set][input].
  private var weights: [Int32]

  static let inputs = 3
  private static let firstWeight: Int32 = 21845
  private static let weightLimit: Int32 = 1 << 18

  /// A mixer of inputs with so many contexts each, and so many sets of weights.
  init(contexts: [Int], weightSets: Int) {
    precondition(contexts.count == Self.inputs)
    models = Array(repeating: AdaptiveBit(), count: contexts.reduce(0, +))
    (second, third) = (contexts[0], contexts[0] + contexts[1])
    weights = Array(repeating: Self.firstWeight, count: weightSets * Self.inputs)
  }

  /// Codes a decision, or decodes it when it is nil, in a context of each input, and learns from it: `coder` is given the
  /// decision (false when decoding) and its probability and returns what was decided.
  mutating func code(
    _ decision: Bool?, contexts: (Int, Int, Int), weightSet: Int, _ coder: (Bool, UInt32) -> Bool
  ) -> Bool {
    let places = (contexts.0, second + contexts.1, third + contexts.2)
    let odds = (
      LogOdds.of(models[places.0].probability), LogOdds.of(models[places.1].probability),
      LogOdds.of(models[places.2].probability)
    )
    let first = weightSet * Self.inputs
    // Below 2^31: weights are at most 2^18, log odds below 2^11.
    let sum =
      weights[first] * odds.0 + weights[first + 1] * odds.1 + weights[first + 2] * odds.2
    let mixed = LogOdds.probability(sum >> 16)
    let bit = coder(decision ?? false, UInt32(mixed))
    let error = (bit ? 32768 : 0) - mixed
    learn(first, odds.0 * error)
    learn(first + 1, odds.1 * error)
    learn(first + 2, odds.2 * error)
    models[places.0].update(bit)
    models[places.1].update(bit)
    models[places.2].update(bit)
    return bit
  }

  private mutating func learn(_ weight: Int, _ gradient: Int32) {
    let moved = weights[weight] + (gradient + 2048) >> 12
    weights[weight] = min(max(moved, -Self.weightLimit), Self.weightLimit)
  }
}

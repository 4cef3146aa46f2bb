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

/// The logarithm of a probability's odds, ln(p / (1 - p)), in units of 1/256, and its inverse. Probabilities are p / 32768.
enum LogOdds {
  private static let limit: Int32 = 2047
  /// round(32768 / (1 + exp(-x))) for x from -8 to 8 in steps of a half.
  private static let logistic: [Int32] = [
    11, 18, 30, 49, 81, 133, 219, 360, 589, 961, 1554, 2486, 3906, 5978, 8813, 12371, 16384, 20397,
    23955, 26790, 28862, 30282, 31214, 31807, 32179, 32408, 32549, 32635, 32687, 32719, 32738,
    32750, 32757,
  ]

  /// For every probability divided by 8 the log odds: the largest whose probability is not above it.
  private static let table: [Int16] = {
    var table: [Int16] = []
    var odds = -limit
    for step in Int32(0)..<4096 {
      while odds < limit, interpolated(odds + 1) <= 8 * step + 4 { odds += 1 }
      table.append(Int16(odds))
    }
    return table
  }()

  static func of(_ probability: UInt32) -> Int32 { Int32(table[Int(probability >> 3)]) }

  /// In 16...32752.
  static func probability(_ odds: Int32) -> Int32 {
    min(max(interpolated(min(max(odds, -limit), limit)), 16), 32752)
  }

  private static func interpolated(_ odds: Int32) -> Int32 {
    let place = odds + limit + 1
    let part = place & 127
    let k = Int(place >> 7)
    return (logistic[k] * (128 - part) + logistic[k + 1] * part + 64) >> 7
  }
}

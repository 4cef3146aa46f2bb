/// What codes binary decisions, or decodes them: one description of a syntax serves both.
protocol DecisionCoder {
  /// Whether decisions are found, not given.
  static var isDecoder: Bool { get }
  /// Bits that were written so far.
  var bitCount: Int { get }

  /// Codes a decision that is 1 with `probability / 2^scale`, or decodes it, whatever is given; returns what was decided.
  mutating func code(_ decision: Bool, probability: UInt32, scale: UInt32) -> Bool
}

extension RangeEncoder: DecisionCoder {
  static var isDecoder: Bool { false }

  @inline(__always)
  mutating func code(_ decision: Bool, probability: UInt32, scale: UInt32) -> Bool {
    encode(decision, probability: probability, scale: scale)
    return decision
  }
}

extension RangeDecoder: DecisionCoder {
  static var isDecoder: Bool { true }
  var bitCount: Int { 0 }

  @inline(__always)
  mutating func code(_ decision: Bool, probability: UInt32, scale: UInt32) -> Bool {
    decode(probability: probability, scale: scale)
  }
}

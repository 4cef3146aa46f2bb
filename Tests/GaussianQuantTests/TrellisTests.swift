import CGQKernels
import GaussianQuant
import InstructionSets
import Testing

@Suite struct TrellisTests {
  /// The checksums of docs/codebook.md, made by training/golden/trellis.py.
  @Test(
    arguments: [(5, 0, 0x23e4_7c7b), (12, 0, 0xb16d_8924), (16, 7, 0x5645_bf81)]
      as [(Int, UInt64, UInt32)])
  func checksum(stateBits: Int, seed: UInt64, expected: UInt32) throws {
    let trellis = try Trellis(stateBitCount: stateBits, seed: seed)
    #expect(trellis.values.count == 1 << stateBits)
    #expect(crc32(trellis.values) == expected)
  }

  /// The checksums of values in cells, likewise.
  @Test(
    arguments: [(3, 0, 0xe2d9_f466), (5, 6, 0xf8f7_d622), (8, 63, 0xc3f1_a59d)]
      as [(Int, UInt32, UInt32)])
  func cellChecksum(bits: Int, cell: UInt32, expected: UInt32) throws {
    let trellis = try Trellis(stateBitCount: 12)
    let values = (0..<UInt32(4096)).map {
      trellis.value(of: $0, bits: cell << 2, count: bits)
    }
    #expect(crc32(values) == expected)
  }

  /// A step's codes emit values of 2^k strata of equal probability, whichever state it begins in.
  @Test(arguments: [1, 2, 3, 5, 8])
  func aStepChoosesAStratum(bits: Int) throws {
    let trellis = try Trellis(stateBitCount: 12)
    for state in stride(from: UInt32(0), to: 4096, by: 37) {
      let strata = (0..<UInt32(1) << UInt32(bits)).map { code in
        let value = trellis.value(
          of: trellis.state(after: state, bits: code, count: bits), bits: code, count: bits)
        // How many quantiles are below; a value between two belongs to the one it is nearer to.
        let below = trellis.quantiles.count { $0 <= value }
        let next = below < 4096 ? trellis.quantiles[below] : .infinity
        let place =
          next - value < value - trellis.quantiles[max(0, below - 1)] ? below : below - 1
        return max(0, place) >> (12 - bits)
      }
      #expect(Set(strata).count == 1 << bits)
    }
  }

  @Test(arguments: [4, 17, -1])
  func wrongStateBits(count: Int) {
    #expect(throws: GaussianQuantError.stateBits(found: count, expected: 5...16)) {
      try Trellis(stateBitCount: count)
    }
  }

  /// What the codes emit that follow a state.
  private func emitted(_ trellis: Trellis, _ codes: [UInt32], _ bits: [UInt8], from start: UInt32)
    -> [Float]
  {
    var state = start
    return zip(codes, bits).map { code, count in
      state = trellis.state(after: state, bits: code, count: Int(count))
      return trellis.value(of: state, bits: code, count: Int(count))
    }
  }

  /// A small trellis, against all paths.
  @Test func pathIsTheBest() throws {
    let trellis = try Trellis(stateBitCount: 8)
    var numbers = TestNumbers(stream: 31)
    for start in [UInt32(0), 5, 63] {
      let bits: [UInt8] = [1, 2, 3, 1, 2, 4, 1, 2]
      let means = bits.map { _ in Float(numbers.normal()) }
      let variances = bits.map { _ in Float(0.05 + 0.5 * numbers.uniform()) }
      let path = try TrellisSearch(trellis: trellis).bestPath(
        means: means.span, variances: variances.span, bits: bits, from: start)
      func score(_ codes: [UInt32]) -> Double {
        zip(emitted(trellis, codes, bits, from: start), zip(means, variances)).reduce(0) {
          sum, step in
          let value = Double(step.0)
          let difference = value - Double(step.1.0)
          return sum - difference * difference / (2 * Double(step.1.1)) + value * value / 2
        }
      }
      var best = -Double.infinity
      let total = bits.reduce(0) { $0 + Int($1) }
      for code in 0..<1 << total {
        var (rest, candidate) = (UInt32(code), [UInt32]())
        for count in bits {
          candidate.append(rest & (1 << UInt32(count) - 1))
          rest >>= UInt32(count)
        }
        best = max(best, score(candidate))
      }
      // Costs are rounded to 1/16.
      #expect(abs(score(path) - best) < 0.25)
      for (code, count) in zip(path, bits) { #expect(code >> UInt32(count) == 0) }
    }
  }

  /// Means far outside the codebook and tiny variances take costs beyond the range of integers; long paths are followed back
  /// in parts.
  @Test(
    arguments: [(8, 5000, 1, 1), (10, 3000, 1, 1), (10, 700, 6, 1), (11, 700, 1, 1e-5)]
      as [(Int, Int, Double, Double)])
  func longPathsAreTheBest(
    stateBits: Int, count: Int, spread: Double, leastVariance: Double
  ) throws {
    let trellis = try Trellis(stateBitCount: stateBits)
    var numbers = TestNumbers(stream: 35)
    let bits = (0..<count).map { _ in
      UInt8(1 + Int(numbers.uniform() * Double(trellis.stepBits.upperBound)))
    }
    let means = bits.map { _ in Float(spread * numbers.normal()) }
    let variances = bits.map { bits in
      let rare = numbers.uniform() < 0.02 ? leastVariance : 1
      return Float(rare * (0.5 + numbers.uniform()) / Double(1 << (2 * Int(bits))))
    }
    let found = try TrellisSearch(trellis: trellis).bestPath(
      means: means.span, variances: variances.span, bits: bits, fromAnyOf: 0..<16)
    func cost(_ step: Int, _ value: Float) -> Double {
      let (value, mean) = (Double(value), Double(means[step]))
      return (value - mean) * (value - mean) / (2 * Double(variances[step])) - value * value / 2
    }
    let states = 1 << stateBits
    var costs = (0..<states).map { $0 < 16 ? 0 : Double.infinity }
    for step in 0..<count {
      let entering = min(2, Int(bits[step]))
      let sources = states >> entering
      let least = (0..<sources).map { low in
        stride(from: low, to: states, by: sources).map { costs[$0] }.min()!
      }
      costs = (0..<states).map { state in
        let cells = UInt32(1) << UInt32(Int(bits[step]) - entering)
        let cheapest = (0..<cells).map { cell in
          let code = cell << UInt32(entering) | UInt32(state) & (1 << UInt32(entering) - 1)
          return cost(
            step, trellis.value(of: UInt32(state), bits: code, count: Int(bits[step])))
        }.min()!
        return least[state >> entering] + cheapest
      }
    }
    #expect(found.start < 16)
    let values = emitted(trellis, found.codes, bits, from: found.start)
    let total = values.enumerated().reduce(0) { $0 + cost($1.offset, $1.element) }
    let best = costs.min()!
    let tolerance = 5e-3 * max(abs(best), Double(count))
    #expect(abs(total - best) <= tolerance, "\(total), best \(best)")
  }

  /// What the search takes codes for is what decoding makes of them.
  @Test(arguments: [(5, 1), (8, 4), (12, 2), (12, 3), (12, 8), (13, 5), (16, 8)])
  func searchAndDecodingHaveTheSameValues(stateBits: Int, bits: Int) throws {
    let trellis = try Trellis(stateBitCount: stateBits)
    let tables = try #require(
      gq_trellis_create(trellis.quantiles, trellis.places, UInt32(stateBits)))
    defer { gq_trellis_free(tables) }
    for state in 0..<UInt32(1) << UInt32(stateBits) {
      let code = state &* 0x9E37_79B1 & (1 << UInt32(bits) - 1)
      #expect(
        gq_trellis_value(tables, state, code, UInt32(bits))
          == trellis.value(of: state, bits: code, count: bits))
    }
  }

  /// Tiny and huge posteriors, one after the other, do no harm to their neighbours.
  @Test func extremePosteriors() throws {
    let trellis = try Trellis(stateBitCount: 12)
    var numbers = TestNumbers(stream: 36)
    let bits = [UInt8](repeating: 3, count: 64)
    var means = bits.map { _ in Float(numbers.normal()) }
    var variances = [Float](repeating: 1 / 64, count: 64)
    let search = TrellisSearch(trellis: trellis)
    func error() throws -> Double {
      let path = try search.bestPath(
        means: means.span, variances: variances.span, bits: bits, from: 0)
      return zip(emitted(trellis, path, bits, from: 0), means).enumerated().reduce(0.0) {
        guard $1.offset != 20 else { return $0 }
        let difference = Double($1.element.0 - $1.element.1)
        return $0 + difference * difference
      }
    }
    let usual = try error()
    for (mean, variance) in [
      (Float(0.5), Float(1e-39)), (-3e38, 1e-30), (3e38, 1), (3e38, 3e38), (0.5, 3e38),
      (1, .leastNonzeroMagnitude),
    ] {
      (means[20], variances[20]) = (mean, variance)
      #expect(try error() < 4 * usual, "\(mean), \(variance)")
    }
  }

  @Test(arguments: [8, 12, 13])
  func instructionSetsAgree(stateBits: Int) throws {
    let trellis = try Trellis(stateBitCount: stateBits)
    var numbers = TestNumbers(stream: 32)
    let bits = (0..<2500).map { _ in
      UInt8(1 + Int(numbers.uniform() * Double(trellis.stepBits.upperBound)))
    }
    let means = bits.map { _ in Float(numbers.normal()) }
    let variances = bits.map { Float(1 / Double(1 << (2 * Int($0)))) }
    try results {
      try TrellisSearch(trellis: trellis).bestPath(
        means: means.span, variances: variances.span, bits: bits, from: 3)
    }
  }

  /// The error of the best path relative to the posterior's variance; a block of 65,536 codewords has
  /// 1.17, 1.45 and 2.37 at 1, 2 and 4 bits.
  @Test(arguments: [(1, 1.06), (2, 1.16), (3, 1.18), (4, 1.18), (6, 1.2)])
  func errorIsNearTheIdeal(bits: Int, bound: Double) throws {
    let search = TrellisSearch(trellis: try Trellis(stateBitCount: 12))
    var numbers = TestNumbers(stream: 33 + bits)
    let variance = 1 / Double(1 << (2 * bits))
    let means = (0..<6000).map { _ in Float(numbers.normal() * (1 - variance).squareRoot()) }
    let variances = [Float](repeating: Float(variance), count: means.count)
    let path = try search.bestPath(
      means: means.span, variances: variances.span,
      bits: Array(repeating: UInt8(bits), count: means.count), from: 0)
    let values = emitted(
      search.trellis, path, Array(repeating: UInt8(bits), count: path.count), from: 0)
    let error = zip(values, means).reduce(0.0) { sum, step in
      let difference = Double(step.0 - step.1)
      return sum + difference * difference
    }
    #expect(error / Double(means.count) / variance < bound)
  }

  @Test func noSteps() throws {
    let search = TrellisSearch(trellis: try Trellis(stateBitCount: 8))
    let none: [Float] = []
    #expect(try search.bestPath(means: none.span, variances: none.span, bits: [], from: 0).isEmpty)
  }
}

import CGQKernels
import GaussianQuant
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

  /// The states that a step can lead to emit values of 2^k strata of equal probability.
  @Test(arguments: [1, 2, 3, 5, 8])
  func aStepChoosesAStratum(bits: Int) throws {
    let trellis = try Trellis(stateBitCount: 12)
    let sorted = trellis.values.sorted()
    for state in stride(from: UInt32(0), to: 4096, by: 37) {
      let strata = (0..<UInt32(1) << UInt32(bits)).map { code in
        let value = trellis.values[
          Int(trellis.state(after: state, bits: code, count: bits))]
        return sorted.firstIndex(of: value)! >> (12 - bits)
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

  /// A small trellis, against all paths.
  @Test func pathIsTheBest() throws {
    let trellis = try Trellis(stateBitCount: 6)
    var numbers = TestNumbers(stream: 31)
    for start in [UInt32(0), 5, 63] {
      let bits: [UInt8] = [1, 2, 1, 1, 2, 1, 2, 1]
      let means = bits.map { _ in Float(numbers.normal()) }
      let variances = bits.map { _ in Float(0.05 + 0.5 * numbers.uniform()) }
      let path = try TrellisSearch(trellis: trellis).bestPath(
        means: means.span, variances: variances.span, bits: bits, from: start)
      func score(_ path: [UInt32]) -> Double {
        zip(path, zip(means, variances)).reduce(0) { sum, step in
          let value = Double(trellis.values[Int(step.0)])
          let difference = value - Double(step.1.0)
          return sum - difference * difference / (2 * Double(step.1.1)) + value * value / 2
        }
      }
      var best = -Double.infinity
      let total = bits.reduce(0) { $0 + Int($1) }
      for code in 0..<1 << total {
        var (state, rest, candidate) = (start, code, [UInt32]())
        for count in bits {
          state = trellis.state(
            after: state, bits: UInt32(rest & (1 << Int(count) - 1)), count: Int(count))
          rest >>= Int(count)
          candidate.append(state)
        }
        best = max(best, score(candidate))
      }
      // Costs are rounded to 1/16.
      #expect(abs(score(path) - best) < 0.25)
      // It is a path: every state follows from the one before and the step's bits.
      var state = start
      for (next, count) in zip(path, bits) {
        let code = next & (1 << UInt32(count) - 1)
        #expect(trellis.state(after: state, bits: code, count: Int(count)) == next)
        state = next
      }
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
    func cost(_ step: Int, _ state: Int) -> Double {
      let (value, mean) = (Double(trellis.values[state]), Double(means[step]))
      return (value - mean) * (value - mean) / (2 * Double(variances[step])) - value * value / 2
    }
    let states = 1 << stateBits
    var costs = (0..<states).map { $0 < 16 ? 0 : Double.infinity }
    for step in 0..<count {
      let sources = states >> Int(bits[step])
      let least = (0..<sources).map { low in
        stride(from: low, to: states, by: sources).map { costs[$0] }.min()!
      }
      costs = (0..<states).map { least[$0 >> Int(bits[step])] + cost(step, $0) }
    }
    #expect(found.start < 16)
    var (state, total) = (found.start, 0.0)
    for (step, next) in found.states.enumerated() {
      let code = next & (1 << UInt32(bits[step]) - 1)
      try #require(trellis.state(after: state, bits: code, count: Int(bits[step])) == next)
      state = next
      total += cost(step, Int(next))
    }
    let best = costs.min()!
    let tolerance = 5e-3 * max(abs(best), Double(count))
    #expect(abs(total - best) <= tolerance, "\(total), best \(best)")
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
    let paths = try (0..<Int32(GQ_INSTRUCTION_SETS)).filter { gq_supports($0) != 0 }.map {
      gq_use($0)
      return try TrellisSearch(trellis: trellis).bestPath(
        means: means.span, variances: variances.span, bits: bits, from: 3)
    }
    for path in paths { #expect(path == paths[0]) }
  }

  /// The error of the best path relative to the posterior's variance; a block of 65,536 codewords has
  /// 1.17, 1.45 and 2.37 at 1, 2 and 4 bits.
  @Test(arguments: [(1, 1.06), (2, 1.16), (3, 1.25), (4, 1.30)])
  func errorIsNearTheIdeal(bits: Int, bound: Double) throws {
    let search = TrellisSearch(trellis: try Trellis(stateBitCount: 12))
    var numbers = TestNumbers(stream: 33 + bits)
    let variance = 1 / Double(1 << (2 * bits))
    let means = (0..<6000).map { _ in Float(numbers.normal() * (1 - variance).squareRoot()) }
    let variances = [Float](repeating: Float(variance), count: means.count)
    let path = try search.bestPath(
      means: means.span, variances: variances.span,
      bits: Array(repeating: UInt8(bits), count: means.count), from: 0)
    let error = zip(path, means).reduce(0.0) { sum, step in
      let difference = Double(search.trellis.values[Int(step.0)] - step.1)
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

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
      #expect(abs(score(path) - best) < 1e-4)
      // It is a path: every state follows from the one before and the step's bits.
      var state = start
      for (next, count) in zip(path, bits) {
        let code = next & (1 << UInt32(count) - 1)
        #expect(trellis.state(after: state, bits: code, count: Int(count)) == next)
        state = next
      }
    }
  }

  @Test(arguments: [8, 12, 13])
  func instructionSetsAgree(stateBits: Int) throws {
    let trellis = try Trellis(stateBitCount: stateBits)
    var numbers = TestNumbers(stream: 32)
    let bits = (0..<600).map { _ in
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

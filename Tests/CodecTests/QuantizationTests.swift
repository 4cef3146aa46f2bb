import Bitstream
import Codec
import Foundation
import GaussianQuant
import Model
import Testing

struct QuantizationTests {
  static let kinds: [Header.Quantizer] = [
    .trellis(stateBits: 12), .trellis(stateBits: 11), .block(indexBits: 16), .block(indexBits: 9),
  ]

  @Test(arguments: 1...8)
  func divergenceIsExact(_ bits: Int) {
    let solver = ExactDivergence(bits: bits)
    for step in 0...2000 {
      let energy = 64 * Double(step) / 2000
      let variance = solver.variance(energy: energy)
      #expect(variance > 0 && variance < 1)
      let found = ExactDivergence.divergence(energy: energy, variance: variance) / 2 / log(2)
      #expect(abs(found - Double(bits)) < 1e-9, "energy \(energy): \(found) bits")
    }
  }

  /// Three positions of every level, in two tiles, and normal coefficients.
  static func sample(seed: UInt32) -> (levels: [UInt8], tiles: [[Int]], coefficients: [Float]) {
    let levels = (0..<network.levels.levels.count * 3).map { UInt8($0 / 3) }
    let tiles = [levels.indices.filter { $0 % 3 != 1 }, levels.indices.filter { $0 % 3 == 1 }]
    let coefficients = (0..<levels.count * network.levels.width).map { k in
      let word = Philox.block(counter: (UInt32(k), seed, 0, 0), key: (1, 2)).0
      return Float(NormalQuantile.value(at: (Double(word) + 0.5) * 0x1p-32))
    }
    return (levels, tiles, coefficients)
  }

  static func posterior(_ coefficients: [Float], _ levels: [UInt8]) -> Posterior {
    Posterior(coefficients, levels: levels, table: network.levels, bound: 8)
  }

  @Test(arguments: kinds)
  func decodingGivesWhatTheEncoderSaw(_ kind: Header.Quantizer) throws {
    let quantizer = try makeQuantizer(kind, seed: 5, table: network.levels, pool: network.pool)
    var (encoderStates, decoderStates): ([UInt32], [UInt32]) = ([0, 0], [0, 0])
    for phase: UInt32 in 0..<3 {
      let (levels, tiles, coefficients) = Self.sample(seed: phase)
      let (values, codes) = quantizer.quantize(
        Self.posterior(coefficients, levels), tiles: tiles, states: &encoderStates)
      for (code, level) in zip(codes, levels) {
        let widths = quantizer.codeWidths[Int(level)]
        #expect(widths.reduce(0, +) == network.levels.bits[Int(level)])
        #expect(code.count == widths.count)
        #expect(zip(code, widths).allSatisfy { $0 >> UInt32($1) == 0 })
      }
      let decoded = quantizer.decode(codes, levels: levels, tiles: tiles, states: &decoderStates)
      #expect(decoded == values)
      #expect(decoderStates == encoderStates)
    }
  }

  /// Squared error relative to the posterior's variance, on the same posteriors.
  @Test func trellisIsNearerToTheIdealThanBlocks() throws {
    let (levels, tiles, coefficients) = Self.sample(seed: 9)
    let posterior = Self.posterior(coefficients, levels)
    func error(_ kind: Header.Quantizer) throws -> Double {
      let quantizer = try makeQuantizer(kind, seed: 0, table: network.levels, pool: network.pool)
      var states: [UInt32] = [0, 0]
      let (values, _) = quantizer.quantize(posterior, tiles: tiles, states: &states)
      var (sum, count) = (0.0, 0.0)
      for (k, level) in levels.enumerated() {
        for run in network.levels.levels[Int(level)] {
          for c in run.coefficients {
            let place = k * network.levels.width + c
            let difference = Double(values[place] - posterior.means[place])
            sum += difference * difference / Double(posterior.variances[place])
            count += 1
          }
        }
      }
      return sum / count
    }
    let (trellis, block) = (try error(.trellis(stateBits: 12)), try error(.block(indexBits: 16)))
    #expect(trellis < 1.3, "\(trellis)")
    #expect(trellis + 0.1 < block, "\(trellis) and \(block)")
  }

  @Test func tooFewBitsAreRefused() {
    for kind in [Header.Quantizer.trellis(stateBits: 5), .block(indexBits: 2)] {
      #expect(throws: CodecError.self) {
        try makeQuantizer(kind, seed: 0, table: network.levels, pool: network.pool)
      }
    }
  }
}

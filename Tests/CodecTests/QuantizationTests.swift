import Codec
import Foundation
import Model
import Testing

struct QuantizationTests {
  @Test(arguments: [4, 8, 16])
  func divergenceIsExact(_ dimension: Int) {
    let solver = ExactDivergence(dimension: dimension, bits: 16)
    for step in 0...2000 {
      let energy = 64 * Double(step) / 2000
      let variance = solver.variance(energy: energy)
      #expect(variance > 0 && variance < 1)
      let divergence = ExactDivergence.divergence(energy: energy, variance: variance)
      let bits = divergence * Double(dimension) / 2 / log(2)
      #expect(abs(bits - 16) < 1e-9, "energy \(energy): \(bits) bits")
    }
  }

  @Test func decodingGivesWhatTheEncoderSaw() throws {
    let quantizer = try LatentQuantizer(network, searching: true)
    let latents = network.configuration.latents
    let levels = (0..<network.levels.levels.count * 3).map { UInt8($0 / 3) }
    var generator = SystemRandomNumberGenerator()
    let innovations = (0..<levels.count * latents).map { _ in
      Float.random(in: -3...3, using: &generator)
    }
    let result = quantizer.quantize(innovations, levels: levels, mode: .codewords)
    #expect(result.indices.map(\.count) == levels.map { network.levels.indexCounts[Int($0)] })
    #expect(quantizer.decode({ result.indices[$0][...] }, levels: levels) == result.decoded)
  }

  @Test func higherLevelsErrLess() throws {
    let quantizer = try LatentQuantizer(network, searching: true)
    let latents = network.configuration.latents
    var last = Double.infinity
    for level in [4, 8, 11] {
      var generator = SystemRandomNumberGenerator()
      let innovations = (0..<64 * latents).map { _ in
        Float.random(in: -1.7...1.7, using: &generator)
      }
      let levels = [UInt8](repeating: UInt8(level), count: 64)
      let decoded = quantizer.quantize(innovations, levels: levels, mode: .codewords).decoded
      let error = zip(innovations, decoded).reduce(0.0) {
        $0 + Double(($1.0 - $1.1) * ($1.0 - $1.1))
      }
      #expect(error < last)
      last = error
    }
  }
}

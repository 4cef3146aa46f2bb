import GQBitstream
import Foundation
import GaussianQuant
import GQModel
import Testing

@testable import GQCodec

struct QuantizationTests {
  @Test(arguments: [1, 4, 60, 320], [0.5, 1, 2, 5])
  func divergenceIsExact(_ count: Int, _ bitsPerCoefficient: Double) {
    let nats = Double(count) * bitsPerCoefficient * log(2)
    for step in 0..<200 {
      let energy = Float(step) / 10
      let squares = Self.normals(count, seed: 3).map { energy * $0 * $0 }
      let logVarianceOffsets = Self.normals(count, seed: UInt32(step)).map { 3 * $0 }
      let offset = ExactDivergence.offset(
        squares: squares, logVarianceOffsets: logVarianceOffsets, nats: nats)
      let found = ExactDivergence.divergence(
        squares: squares, logVarianceOffsets: logVarianceOffsets, at: offset)
      #expect(abs(found.nats / nats - 1) < 1e-5, "energy \(energy): \(found.nats / nats)")
      #expect(found.slope < 0)
    }
  }

  /// The derivative is that of the divergence, and variances are those whose divergence it is.
  @Test func divergenceFollowsItsFormula() {
    let squares: [Float] = [0, 0.5, 3]
    let logVarianceOffsets: [Float] = [-2, 0, 1.5]
    func expected(_ offset: Float) -> Double {
      zip(squares, logVarianceOffsets).reduce(0) { sum, pair in
        let variance = 1 / (1 + exp(-Double(offset + pair.1)))
        return sum + ((1 - variance) * (Double(pair.0) - 1) - log(variance)) / 2
      }
    }
    for offset: Float in [-9, -1, 0, 2] {
      let found = ExactDivergence.divergence(
        squares: squares, logVarianceOffsets: logVarianceOffsets, at: offset)
      #expect(abs(found.nats - expected(offset)) < 1e-5)
      let slope = (expected(offset + 1e-2) - expected(offset - 1e-2)) / 2e-2
      #expect(abs(found.slope - slope) < 1e-3)
    }
  }

  static func normals(_ count: Int, seed: UInt32) -> [Float] {
    (0..<count).map { k in
      let word = Philox.block(counter: (UInt32(k), seed, 0, 0), key: (1, 2)).0
      return Float(NormalQuantile.value(at: (Double(word) + 0.5) * 0x1p-32))
    }
  }

  /// Three positions of every level, in two tiles, and normal coefficients.
  static func sample(seed: UInt32) -> (levels: [UInt8], tiles: [[Int]], coefficients: [Float]) {
    let levels = (0..<network.levels.levelCount * 3).map { UInt8($0 / 3) }
    let tiles = [levels.indices.filter { $0 % 3 != 1 }, levels.indices.filter { $0 % 3 == 1 }]
    return (levels, tiles, normals(levels.count * network.levels.width, seed: seed))
  }

  /// Posteriors that give each coefficient about the bits of its step.
  static func posterior(
    _ coefficients: [Float], _ levels: [UInt8], _ phase: CodingPhase, _ tiles: [[Int]]
  ) -> Posterior {
    let width = network.levels.width
    var logVarianceOffsets = [Float](repeating: 0, count: coefficients.count)
    for (k, level) in levels.enumerated() {
      for band in network.levels.groups(level, phase).flatMap(\.bands) {
        for c in band.coefficients {
          logVarianceOffsets[k * width + c] = -2 * Float(band.bits) * 0.6931
        }
      }
    }
    var posterior = Posterior(levels: levels, width: width)
    for group in 0..<network.levels.groupCount {
      posterior.set(
        coefficients, logVarianceOffsets: logVarianceOffsets,
        groups: DivergenceGroup.tiles(
          levels: levels, phase, group: group, tiles: tiles, table: network.levels),
        limit: SoftLimit(network.configuration), pool: network.pool)
    }
    return posterior
  }

  /// All groups one after the other.
  static func quantize(
    _ quantizer: TrellisQuantizer, _ posterior: Posterior, _ phase: CodingPhase, _ tiles: [[Int]],
    _ paths: inout [TilePath]
  ) throws -> (values: [Float], codes: [[UInt32]]) {
    var values = posterior.means.map { _ in Float(0) }
    var codes = posterior.levels.map { _ in [UInt32]() }
    for group in 0..<network.levels.groupCount {
      let found = try quantizer.quantize(
        posterior, phase, group: group, tiles: tiles, paths: &paths)
      for k in values.indices { values[k] += found.values[k] }
      for (k, code) in found.codes.enumerated() { codes[k] += code }
    }
    return (values, codes)
  }

  /// The quantizer of a trellis.
  static func quantizer(stateBits: Int = 12, seed: UInt64 = 0) throws -> TrellisQuantizer {
    let header = Header(
      width: 1, height: 1, colorType: .rgb, stateBits: stateBits, seed: seed,
      modelIdentifier: Array(repeating: 0, count: 8))
    return try TrellisQuantizer(header, table: network.levels, pool: network.pool)
  }

  @Test(arguments: [12, 14])
  func decodingGivesWhatTheEncoderSaw(stateBits: Int) throws {
    let quantizer = try Self.quantizer(stateBits: stateBits, seed: 5)
    var encoderPaths = [TilePath(), TilePath()]
    var decoderPaths: [TilePath] = []
    for phase in CodingPhase.allCases {
      let (levels, tiles, coefficients) = Self.sample(seed: UInt32(phase.rawValue))
      let (values, codes) = try Self.quantize(
        quantizer, Self.posterior(coefficients, levels, phase, tiles), phase, tiles, &encoderPaths)
      if phase == .first { decoderPaths = encoderPaths.map { TilePath(start: $0.start ?? 0) } }
      for (code, level) in zip(codes, levels) {
        let widths = network.levels.codes.widths(level, phase)
        #expect(widths.reduce(0, +) == network.levels.bits[Int(level)])
        #expect(code.count == widths.count)
        #expect(zip(code, widths).allSatisfy { $0 >> UInt32($1) == 0 })
      }
      let decoded = quantizer.decode(
        codes, levels: levels, phase, tiles: tiles, paths: &decoderPaths)
      #expect(decoded == values)
      #expect(decoderPaths.map(\.state) == encoderPaths.map(\.state))
    }
  }

  /// Squared error relative to the posterior's variance: 1 is the ideal, and blocks of 2^16 codewords have 1.4.
  @Test func errorIsNearTheIdeal() throws {
    let (levels, tiles, coefficients) = Self.sample(seed: 9)
    let posterior = Self.posterior(coefficients, levels, .second, tiles)
    var paths = [TilePath(), TilePath()]
    let (values, _) = try Self.quantize(Self.quantizer(), posterior, .second, tiles, &paths)
    var (sum, count) = (0.0, 0.0)
    for (k, level) in levels.enumerated() {
      for band in network.levels.groups(level, .second).flatMap(\.bands) {
        for c in band.coefficients {
          let place = k * network.levels.width + c
          let difference = Double(values[place] - posterior.means[place])
          sum += difference * difference / Double(posterior.variances[place])
          count += 1
        }
      }
    }
    #expect(sum / count < 1.3, "\(sum / count)")
  }

  @Test func pathsPassOnceThroughEveryCoefficient() throws {
    let codes = network.levels.codes
    for count in 1..<60 {
      let levels = (0..<count).map { UInt8($0 * 7 % network.levels.levelCount) }
      let steps = (0..<codes.groupCount).flatMap {
        codes.steps(group: $0, .third, levels: levels, positions: Array(0..<count))
      }
      let seen = Set(steps.map { [$0.position, $0.code] })
      #expect(seen.count == steps.count)
      #expect(steps.count == levels.reduce(0) { $0 + codes.widths($1, .third).count })
    }
  }

  @Test func tooFewBitsAreRefused() {
    #expect(throws: CodecError.self) { try Self.quantizer(stateBits: 5) }
  }
}

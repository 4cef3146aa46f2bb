import Foundation
import GaussianQuant
import Testing

/// Against training/golden/gaussian_quant.py, the published formulas in PyTorch's binary64.
@Suite struct GoldenTests {
  @Test(arguments: try Golden.names(beginningWith: "quantizer-"))
  func quantizer(name: String) throws {
    let golden = try Golden.read(name, as: QuantizerCase.self)
    let codebook =
      switch golden.source {
      case "values":
        try Codebook(
          values: golden.codewords.map(Float.init(bitPattern:)), dimension: golden.dimension)
      case "sobol":
        try Codebook.sobol(dimension: golden.dimension, size: golden.size, seed: golden.seed)
      default:
        try Codebook(dimension: golden.dimension, size: golden.size, seed: golden.seed)
      }
    #expect(codebook.size == golden.size)
    let quantizer = try GaussianQuant(
      codebook: codebook, beta: golden.beta,
      grouping: golden.grouping == "strided" ? .strided : .contiguous,
      logVariances: golden.logVariances[0]...golden.logVariances[1])
    let input = golden.input.map(Float.init(bitPattern:))
    let result = try quantizer.quantize(input, shape: golden.shape, axis: golden.axis)
    #expect(result.indicesShape == golden.indicesShape)
    #expect(result.indices == golden.indices)
    #expect(result.shape == golden.valuesShape)
    #expect(result.values.map(\.bitPattern) == golden.values)

    let codes = try quantizer.indicesToCodes(
      golden.indices, shape: golden.indicesShape, axis: golden.axis)
    #expect(codes.shape == golden.valuesShape)
    #expect(codes.values.map(\.bitPattern) == golden.values)

    expectClose(result.divergence.mean, golden.mean)
    expectClose(result.divergence.minimum, golden.minimum)
    expectClose(result.divergence.maximum, golden.maximum)
    expectClose(quantizer.targetDivergence.loss(of: result.divergences), golden.loss)
  }

  @Test(arguments: try Golden.names(beginningWith: "training-"))
  func training(name: String) throws {
    let golden = try Golden.read(name, as: TrainingCase.self)
    var target = TargetDivergence(
      target: golden.target, tolerance: golden.tolerance, step: golden.step,
      weightsAbove: 1...golden.lamRange[1], weightsBelow: golden.lamRange[0]...1)
    for (batch, state) in zip(golden.batches, golden.states) {
      expectClose(target.loss(of: batch), state[0])
      target.update(after: DivergenceSummary(batch))
      expectClose(target.weight, state[1])
      expectClose(target.weightAbove, state[2])
      expectClose(target.weightBelow, state[3])
    }
  }

  @Test(arguments: try Golden.names(beginningWith: "sample-"))
  func sample(name: String) throws {
    let golden = try Golden.read(name, as: SampleCase.self)
    let quantizer = try GaussianQuant(
      dimension: golden.dimension, size: golden.size,
      grouping: golden.grouping == "strided" ? .strided : .contiguous,
      logVariances: golden.logVariances[0]...golden.logVariances[1])
    let input = golden.input.map(Float.init(bitPattern:))
    let posteriors = try quantizer.posteriors(input, shape: golden.shape, axis: golden.axis)
    #expect(posteriors.shape == golden.resultShape)
    expectClose(posteriors.means, golden.means)
    expectClose(posteriors.deviations, golden.deviations)
    let quantization = try quantizer.quantize(input, shape: golden.shape, axis: golden.axis)
    for (one, other) in zip(posteriors.divergences, quantization.divergences) {
      expectClose(one, other)
    }

    let sample = posteriors.sample(seed: golden.sampleSeed)
    expectClose(sample.values, golden.values)
    expectClose(
      sample.inputGradient(golden.gradient.map(Float.init(bitPattern:))), golden.inputGradient)

    var loss = TargetDivergence(
      target: quantizer.targetDivergence.target, tolerance: golden.tolerance)
    (loss.weight, loss.weightAbove, loss.weightBelow) = (
      golden.weights[0], golden.weights[1], golden.weights[2]
    )
    expectClose(loss.loss(of: posteriors.divergences), golden.loss)
    expectClose(posteriors.inputGradient(of: loss), golden.lossGradient)
  }

  /// Equal but for 1e-6 of the value, or of 1.
  private func expectClose(
    _ values: [Float], _ expected: [Double], sourceLocation: SourceLocation = #_sourceLocation
  ) {
    #expect(values.count == expected.count, sourceLocation: sourceLocation)
    #expect(
      zip(values, expected).allSatisfy { abs(Double($0) - $1) <= 1e-6 * max(1, abs($1)) },
      sourceLocation: sourceLocation)
  }

  /// Equal but for 1e-5 of the value.
  private func expectClose(
    _ value: Double, _ expected: Double, sourceLocation: SourceLocation = #_sourceLocation
  ) {
    #expect(abs(value - expected) <= 1e-5 * abs(expected), sourceLocation: sourceLocation)
  }
}

/// The files that training/golden/make_golden.py writes.
private enum Golden {
  static func names(beginningWith prefix: String) throws -> [String] {
    let folder = try #require(Bundle.module.url(forResource: "Golden", withExtension: nil))
    let files = try FileManager.default.contentsOfDirectory(atPath: folder.path)
    let names = files.filter { $0.hasPrefix(prefix) }.sorted()
    try #require(!names.isEmpty)
    return names
  }

  static func read<Case: Decodable>(_ name: String, as type: Case.Type) throws -> Case {
    let folder = try #require(Bundle.module.url(forResource: "Golden", withExtension: nil))
    return try JSONDecoder().decode(type, from: Data(contentsOf: folder.appending(path: name)))
  }
}

/// An array to quantize and what becomes of it; numbers in binary32 as bit patterns.
private struct QuantizerCase: Decodable {
  let dimension: Int
  let size: Int
  let seed: UInt64
  let source: String
  let codewords: [UInt32]
  let logVariances: [Double]
  let beta: Double
  let grouping: String
  let axis: Int
  let shape: [Int]
  let input: [UInt32]
  let valuesShape: [Int]
  let values: [UInt32]
  let indicesShape: [Int]
  let indices: [UInt32]
  let mean: Double
  let minimum: Double
  let maximum: Double
  let loss: Double
}

/// Divergences of batch after batch; per batch the loss and then the three weights after it.
private struct TrainingCase: Decodable {
  let target: Double
  let tolerance: Double
  let step: Double
  let lamRange: [Double]
  let batches: [[Double]]
  let states: [[Double]]
}

/// A draw from posteriors and gradients.
private struct SampleCase: Decodable {
  let dimension: Int
  let size: Int
  let grouping: String
  let logVariances: [Double]
  let axis: Int
  let shape: [Int]
  let sampleSeed: UInt64
  let input: [UInt32]
  let resultShape: [Int]
  let means: [Double]
  let deviations: [Double]
  let values: [Double]
  let gradient: [UInt32]
  let inputGradient: [Double]
  let tolerance: Double
  let weights: [Double]
  let loss: Double
  let lossGradient: [Double]
}

import Foundation
import GaussianQuant
import Testing

/// Against training/golden/gaussian_quant.py, the published formulas in PyTorch's binary64.
@Suite struct GoldenTests {
  @Test(arguments: try Golden.names(beginningWith: "quantizer-"))
  func quantizer(name: String) throws {
    let golden = try Golden.read(name, as: QuantizerCase.self)
    let quantizer = try GaussianQuant(
      dimension: golden.dimension, size: golden.size, seed: golden.seed, beta: golden.beta,
      grouping: golden.grouping == "strided" ? .strided : .contiguous)
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
    var target = TargetDivergence(target: golden.target)
    for (batch, state) in zip(golden.batches, golden.states) {
      expectClose(target.loss(of: batch), state[0])
      target.update(after: DivergenceSummary(batch))
      expectClose(target.weight, state[1])
      expectClose(target.weightAbove, state[2])
      expectClose(target.weightBelow, state[3])
    }
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
  let batches: [[Double]]
  let states: [[Double]]
}

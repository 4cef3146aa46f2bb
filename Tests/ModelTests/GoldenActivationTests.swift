import Foundation
import GQModel
import InstructionSets
import Testing

/// The network against the activations that PyTorch computed from the same weights.
struct GoldenActivationTests {
  static let golden = activations("activations")
  /// Of a small model.
  static let goldenTiny = activations("tiny")

  static func activations(_ name: String) -> Safetensors {
    guard
      let url = Bundle.module.url(forResource: "Golden/\(name)", withExtension: "safetensors"),
      let data = try? Data(contentsOf: url),
      let file = try? Safetensors(parsing: [UInt8](data))
    else { fatalError("the golden activations are missing") }
    return file
  }
  static let weights: [UInt8] = {
    guard let bytes = try? ModelFile.read() else {
      fatalError("the weights are missing")
    }
    return bytes
  }()

  static func network(threads: Int = 2) throws -> Network {
    try Network(parsing: weights, pool: WorkerPool(threadCount: threads))
  }

  static func tinyNetwork(_ tuning: Tuning, threads: Int = 2) throws -> Network {
    let path = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .appendingPathComponent("../../testdata/tiny.safetensors").standardized.path
    return try Network(
      parsing: try ModelFile.read(path), tuning: tuning, pool: WorkerPool(threadCount: threads))
  }

  struct Outputs: Equatable {
    let encoded: Tensor
    let latents: Tensor
    let decoded: Tensor
    let predicted: Tensor
  }

  static func run(_ network: Network, _ golden: Safetensors = golden) throws -> Outputs {
    let samples = try golden.integers("picture")
    let shape = try #require(golden.shape(of: "picture"))
    let levels = try golden.integers("levels").map { UInt8($0) }
    let grid = try #require(golden.shape(of: "levels"))
    let table = network.levels
    let pixels = Tensor(
      rows: shape[0], columns: shape[1], channels: 3, values: samples.map { Float($0) / 127.5 - 1 })
    let features = try network.features(pixels)
    let encoded = try network.latents(features, levels: levels)
    let latents = network.decodedLatents(rows: grid[0], columns: grid[1], levels: levels) {
      prediction in
      let all = network.normalized(
        network.coefficients(of: TensorRows(encoded), prediction), prediction)
      var sent = [Float](repeating: 0, count: all.count)
      for (position, level) in prediction.levels.enumerated() {
        for band in table.group(prediction.group, level, prediction.phase).bands {
          for c in band.coefficients {
            sent[position * table.width + c] = 0.75 * all[position * table.width + c]
          }
        }
      }
      return sent
    }
    var predicted = try network.expectedErrors(features)
    for k in predicted.values.indices { predicted.values[k] = logf(predicted.values[k]) }
    return Outputs(
      encoded: encoded, latents: latents, decoded: try network.pixels(latents, levels: levels),
      predicted: predicted)
  }

  static func relativeError(_ found: [Float], _ expected: [Float]) -> Double {
    var (difference, norm) = (0.0, 0.0)
    for (a, b) in zip(found, expected) {
      difference += Double(a - b) * Double(a - b)
      norm += Double(b) * Double(b)
    }
    return (difference / norm).squareRoot()
  }

  /// PyTorch sums in another order, and a last bit may round a number to its other neighbour, which later layers see: what
  /// differs is about what rounding to bytes itself adds.
  private func compare(_ outputs: Outputs, _ golden: Safetensors, prefix: String) throws {
    for (name, tensor, bound) in [
      ("encoded", outputs.encoded, 0.05), ("latents", outputs.latents, 0.05),
      ("decoded", outputs.decoded, 0.01), ("predicted", outputs.predicted, 1e-4),
    ] {
      let expected = try golden.floats(prefix + name)
      #expect(tensor.values.count == expected.count)
      let error = Self.relativeError(tensor.values, expected)
      #expect(error < bound, "\(prefix)\(name): relative error \(error)")
    }
  }

  @Test(arguments: Tuning.allCases) func pyTorchAgrees(tuning: Tuning) throws {
    for (network, golden) in [
      (try Self.network().tuned(tuning), Self.golden),
      (try Self.tinyNetwork(tuning), Self.goldenTiny),
    ] {
      #expect(network.tuning == tuning)
      try compare(try Self.run(network, golden), golden, prefix: "\(tuning.rawValue).")
    }
  }

  /// A model with another of its tunings is the one that is loaded with it.
  @Test func tuningsOfOneFile() throws {
    let psnr = try Self.tinyNetwork(.psnr)
    let visual = try Self.tinyNetwork(.visual)
    #expect(
      try Self.run(visual.tuned(.psnr), Self.goldenTiny) == Self.run(psnr, Self.goldenTiny))
    #expect(visual.identifier == psnr.identifier)
    #expect(try Self.run(visual, Self.goldenTiny) != Self.run(psnr, Self.goldenTiny))
  }

  /// Every kind of instructions that this processor has: the same to the last bit.
  @Test func instructionSetsAgreeExactly() throws {
    for (network, golden) in [
      (try Self.network(), Self.golden), (try Self.tinyNetwork(.visual), Self.goldenTiny),
    ] {
      let all = try instructionSets.map { set in
        try withInstructionSet(set) { try Self.run(network, golden) }
      }
      let plain = all[0]
      for (set, outputs) in zip(instructionSets, all) {
        #expect(outputs.encoded == plain.encoded, "\(set)")
        #expect(outputs.latents == plain.latents, "\(set)")
        #expect(outputs.decoded == plain.decoded, "\(set)")
        #expect(outputs.predicted == plain.predicted, "\(set)")
      }
    }
  }

  @Test func threadsDoNotChangeResults() throws {
    #expect(try Self.run(try Self.network(threads: 1)) == Self.run(try Self.network(threads: 3)))
    let golden = Self.goldenTiny
    #expect(
      try Self.run(try Self.tinyNetwork(.psnr, threads: 1), golden)
        == Self.run(try Self.tinyNetwork(.psnr, threads: 3), golden))
  }
}

import CGQKernels
import Foundation
import GQModel
import Testing

/// The network against the activations that PyTorch computed from the same weights.
struct GoldenActivationTests {
  static let golden: Safetensors = {
    guard
      let url = Bundle.module.url(
        forResource: "Golden/activations", withExtension: "safetensors"),
      let data = try? Data(contentsOf: url),
      let file = try? Safetensors(parsing: [UInt8](data))
    else { fatalError("the golden activations are missing") }
    return file
  }()
  static let weights: [UInt8] = {
    guard let bytes = try? ModelFile.read(tuning: .psnr) else {
      fatalError("the weights are missing")
    }
    return bytes
  }()

  static func network(threads: Int = 2) throws -> Network {
    try Network(parsing: weights, pool: WorkerPool(threadCount: threads))
  }

  struct Outputs {
    let encoded: Tensor
    let latents: Tensor
    let decoded: Tensor
    let predicted: Tensor
  }

  static func run(_ network: Network) throws -> Outputs {
    let samples = try golden.integers("picture")
    let shape = try #require(golden.shape(of: "picture"))
    let levels = try golden.integers("levels").map { UInt8($0) }
    let grid = try #require(golden.shape(of: "levels"))
    let pixels = Tensor(
      rows: shape[0], columns: shape[1], channels: 3, values: samples.map { Float($0) / 127.5 - 1 })
    let features = try network.features(pixels)
    let encoded = try network.latents(features, levels: levels)
    let latents = try network.decodedLatents(rows: grid[0], columns: grid[1], levels: levels) {
      prediction in
      try network.coefficients(of: TensorRows(encoded), prediction).map { 0.75 * $0 }
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
  @Test func pyTorchAgrees() throws {
    let outputs = try Self.run(try Self.network())
    for (name, tensor, bound) in [
      ("encoded", outputs.encoded, 0.02), ("latents", outputs.latents, 0.03),
      ("decoded", outputs.decoded, 0.01), ("predicted", outputs.predicted, 1e-4),
    ] {
      let expected = try Self.golden.floats(name)
      #expect(tensor.values.count == expected.count)
      let error = Self.relativeError(tensor.values, expected)
      #expect(error < bound, "\(name): relative error \(error)")
    }
  }

  /// Every kind of instructions that this processor has: the same to the last bit.
  @Test func instructionSetsAgreeExactly() throws {
    let fastest = gq_instruction_set()
    defer { gq_use(fastest) }
    let network = try Self.network()
    gq_use(Int32(GQ_PLAIN))
    let plain = try Self.run(network)
    for set in 1..<Int32(GQ_INSTRUCTION_SETS) where gq_supports(set) != 0 {
      gq_use(set)
      let outputs = try Self.run(network)
      #expect(outputs.encoded == plain.encoded, "\(set)")
      #expect(outputs.latents == plain.latents, "\(set)")
      #expect(outputs.decoded == plain.decoded, "\(set)")
      #expect(outputs.predicted == plain.predicted, "\(set)")
    }
  }

  @Test func threadsDoNotChangeResults() throws {
    let one = try Self.run(try Self.network(threads: 1))
    let three = try Self.run(try Self.network(threads: 3))
    #expect(one.encoded == three.encoded)
    #expect(one.latents == three.latents)
    #expect(one.decoded == three.decoded)
  }
}

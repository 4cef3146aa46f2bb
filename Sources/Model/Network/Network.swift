import Crypto

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// A loaded model: encoder, conditional prior and decoder. Immutable, so one may serve many threads.
public final class Network: Sendable {
  /// Pixels along each side of the square that one latent position covers.
  public static let stride = 16

  /// Widths, depths and constants.
  public let configuration: ModelConfiguration
  /// The groups that every level sends.
  public let levels: LevelTable
  /// The first 8 bytes of the SHA-256 of the weights file: the model id in a `.gqz` header.
  public let identifier: [UInt8]
  /// Threads that the network uses.
  public let pool: WorkerPool

  private let encoder: EncoderNetwork
  private let prior: PriorNetwork
  private let decoder: DecoderNetwork
  /// [levels, latents], multipliers.
  private let encoderGain: [Float]
  private let decoderGain: [Float]

  /// Loads a weights file.
  ///
  /// - Parameters:
  ///   - bytes: a whole safetensors file.
  ///   - engine: what runs the layers.
  ///   - pool: the threads to use.
  /// - Throws: `ModelError`.
  public init(
    parsing bytes: [UInt8], engine: EngineChoice = .automatic, pool: WorkerPool = WorkerPool()
  ) throws(ModelError) {
    let file = try Safetensors(parsing: bytes)
    let c = try ModelConfiguration(from: file)
    let layers = try engine.makeEngine(pool: pool)
    configuration = c
    levels = try LevelTable(c)
    identifier = Array(SHA256.hash(data: bytes).prefix(8))
    self.pool = pool
    encoder = try EncoderNetwork(c, from: file, engine: layers)
    prior = try PriorNetwork(c, from: file, engine: layers)
    decoder = try DecoderNetwork(c, from: file, engine: layers)
    encoderGain = try file.floats("encoder_gain", shape: [c.levels.count, c.latents]).map(expf)
    decoderGain = try file.floats("decoder_gain", shape: [c.levels.count, c.latents]).map(expf)
  }

  /// The part of the encoder that does not depend on levels. Pixels: [h, w, 3] in -1...1, h and w multiples
  /// of 16.
  public func features(_ pixels: Tensor) throws(ModelError) -> EncoderFeatures {
    try encoder.features(pixels)
  }

  /// Latents of unit variance [h/16, w/16, latents] for a level map.
  public func latents(_ features: EncoderFeatures, levels: [UInt8]) throws(ModelError) -> Tensor {
    var result = try encoder(features, levels: levels)
    scale(&result, by: encoderGain, levels: levels)
    return result
  }

  /// Walks through the phases, as encoder and decoder both do, and gathers the decoded latents.
  ///
  /// - Parameters:
  ///   - rows: rows of the latent grid.
  ///   - columns: columns of the latent grid.
  ///   - levels: a level for each position, row-major.
  ///   - code: is called for every phase with its prediction, and returns the decoded innovations: what is
  ///     known of (latent - mean) / scale, [n, latents], zeros where nothing was sent.
  /// - Returns: the decoder's input, [rows, columns, latents].
  public func decodedLatents<Failure: Error>(
    rows: Int, columns: Int, levels: [UInt8],
    code: (PhasePrediction) throws(Failure) -> [Float]
  ) throws -> Tensor {
    let count = configuration.latents
    var result = Tensor(rows: rows, columns: columns, channels: count)
    var features = Tensor(rows: rows, columns: columns, channels: configuration.prior)
    for phase in CodingPhase.allCases {
      let positions = phase.positions(rows: rows, columns: columns)
      if positions.isEmpty { continue }
      let prediction = try prediction(
        phase, positions: positions, features: features, levels: levels)
      var values = try code(prediction)
      precondition(values.count == positions.count * count)
      for k in values.indices { values[k] = prediction.mean[k] + prediction.scale[k] * values[k] }
      var part = Tensor(rows: 1, columns: positions.count, channels: count, values: values)
      scale(&part, by: decoderGain, levels: positions.map { levels[$0] })
      result.scatter(part, to: positions)
      if phase != .fourth { features.scatter(try prior.features(part), to: positions) }
    }
    return result
  }

  /// Pixels [16 rows, 16 columns, 3], about -1...1, from decoded latents.
  public func pixels(_ latents: Tensor, levels: [UInt8]) throws(ModelError) -> Tensor {
    try decoder(latents, levels: levels)
  }

  private func prediction(
    _ phase: CodingPhase, positions: [Int], features: Tensor, levels: [UInt8]
  ) throws(ModelError) -> PhasePrediction {
    let count = configuration.latents
    let chosen = positions.map { levels[$0] }
    if phase == .first {
      return PhasePrediction(
        phase: phase, positions: positions, levels: chosen,
        mean: Array(repeating: 0, count: positions.count * count),
        scale: Array(repeating: 1, count: positions.count * count))
    }
    let (mean, logScale) = try prior(features, levels: levels, phase: phase)
    var scaled = Tensor(rows: 1, columns: positions.count, channels: count, values: mean)
    scale(&scaled, by: encoderGain, levels: chosen)
    return PhasePrediction(
      phase: phase, positions: positions, levels: chosen, mean: scaled.values,
      scale: logScale.map(expf))
  }

  private func scale(_ tensor: inout Tensor, by gain: [Float], levels: [UInt8]) {
    let count = tensor.channels
    tensor.values.withUnsafeMutableBufferPointer { values in
      for position in 0..<levels.count {
        let table = Int(levels[position]) * count
        for c in 0..<count { values[position * count + c] *= gain[table + c] }
      }
    }
  }
}

/// What is known of the latents of one phase before they are decoded.
public struct PhasePrediction: Sendable {
  /// The phase.
  public let phase: CodingPhase
  /// Its positions as row-major numbers in the grid.
  public let positions: [Int]
  /// The level of each position.
  public let levels: [UInt8]
  /// Predicted latents, [n, latents].
  public let mean: [Float]
  /// Predicted spread of the latents around `mean`, [n, latents].
  public let scale: [Float]
}

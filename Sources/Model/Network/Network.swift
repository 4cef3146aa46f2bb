public import Bitstream

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
  /// The bits of every level's coefficients.
  public let levels: LevelTable
  /// The first 8 bytes of the SHA-256 of the weights file: the model id in a `.gqz` header.
  public let identifier: [UInt8]
  /// Threads that the network uses.
  public let pool: WorkerPool

  private let encoder: EncoderNetwork
  private let prior: PriorNetwork
  private let decoder: DecoderNetwork
  private let transform: LevelTransform
  private let predictor: PredictorNetwork

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
    levels = LevelTable(c)
    identifier = ModelFile.identifier(of: bytes)
    self.pool = pool
    encoder = try EncoderNetwork(c, from: file, engine: layers)
    prior = try PriorNetwork(c, levels, from: file, engine: layers)
    decoder = try DecoderNetwork(c, from: file, engine: layers)
    transform = try LevelTransform(c, levels, from: file, engine: layers)
    predictor = try PredictorNetwork(c, from: file, engine: layers)
  }

  /// Multiply-adds per pixel.
  public var cost: NetworkCost {
    NetworkCost(
      encoder: encoder.cost, prior: prior.cost, transform: transform.cost,
      predictor: predictor.cost, decoder: decoder.cost)
  }

  /// The part of the encoder that does not depend on levels. Pixels: [h, w, 3] in -1...1, h and w multiples
  /// of 16.
  public func features(_ pixels: Tensor) throws(ModelError) -> EncoderFeatures {
    try encoder.features(pixels)
  }

  /// Latents [h/16, w/16, latents] for a level map.
  public func latents(_ features: EncoderFeatures, levels: [UInt8]) throws(ModelError) -> Tensor {
    try encoder(features, levels: levels)
  }

  /// Mean squared errors [h/16, w/16, levels] that each position is expected to have at each level, samples
  /// running from -1 to 1.
  public func expectedErrors(_ features: EncoderFeatures) throws(ModelError) -> Tensor {
    var result = try predictor(features.linear)
    for k in result.values.indices { result.values[k] = expf(result.values[k]) }
    return result
  }

  /// What is to be coded in a phase: coefficients [n, width] of unit variance, from the latents of the whole grid.
  /// Inverse: `latents(from:_:)`.
  public func coefficients(
    of latents: Tensor, _ prediction: PhasePrediction
  ) throws(ModelError) -> [Float] {
    let count = configuration.latents
    var rest = [Float](repeating: 0, count: prediction.mean.count)
    for (k, position) in prediction.positions.enumerated() {
      for c in 0..<count {
        rest[k * count + c] = latents.values[position * count + c] - prediction.mean[k * count + c]
      }
    }
    var result = try transform.analyze(rest, levels: prediction.levels)
    for k in result.indices { result[k] /= prediction.scale[k] }
    return result
  }

  /// Latents [n, latents] of a phase from its decoded coefficients [n, width]. Inverse of `coefficients(of:_:)`, as
  /// far as coefficients tell.
  public func latents(
    from coefficients: [Float], _ prediction: PhasePrediction
  ) throws(ModelError) -> [Float] {
    var scaled = coefficients
    for k in scaled.indices { scaled[k] *= prediction.scale[k] }
    var result = try transform.synthesize(scaled, levels: prediction.levels)
    for k in result.indices { result[k] += prediction.mean[k] }
    return result
  }

  /// Walks through the phases, as encoder and decoder both do, and gathers the decoded latents.
  ///
  /// - Parameters:
  ///   - rows: rows of the latent grid.
  ///   - columns: columns of the latent grid.
  ///   - levels: a level for each position, row-major.
  ///   - correct: may change the latents [n, latents] of a phase once they are decoded.
  ///   - code: is called for every phase with its prediction, and returns the decoded coefficients, [n, width],
  ///     zeros where nothing was sent.
  /// - Returns: the decoder's input, [rows, columns, latents].
  public func decodedLatents<Failure: Error>(
    rows: Int, columns: Int, levels: [UInt8],
    correct: ((PhasePrediction, inout [Float]) -> Void)? = nil,
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
      var decoded = try latents(from: try code(prediction), prediction)
      correct?(prediction, &decoded)
      let part = Tensor(rows: 1, columns: positions.count, channels: count, values: decoded)
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
    let chosen = positions.map { levels[$0] }
    let (mean, logScale) = try prior(features, levels: levels, phase: phase)
    return PhasePrediction(
      phase: phase, positions: positions, levels: chosen, mean: mean, scale: logScale.map(expf),
      tilts: transform.tilts(logScale: logScale, levels: chosen))
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
  /// Predicted spread of the coefficients, [n, width].
  public let scale: [Float]
  /// How the noise of a position's coefficients shall differ, [n, width]: logarithms of v / (1 - v) up to a constant
  /// of the position, v being the posterior variance. Without meaning where the level sends nothing.
  public let tilts: [Float]
}

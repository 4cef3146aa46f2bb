import GQBitstream

/// A loaded model: encoder, conditional prior and decoder. Immutable, so one may serve many threads.
package final class Network: Sendable {
  /// Pixels along each side of the square that one latent position covers.
  package static let stride = Header.stride

  /// Widths, depths and constants.
  package let configuration: ModelConfiguration
  /// The bits of every level's coefficients.
  package let levels: LevelTable
  /// Which of the model's tunings this is.
  package let tuningIndex: Int
  /// What distortion it makes small.
  package var tuning: Tuning { configuration.tunings[tuningIndex] }
  /// The first 8 bytes of the SHA-256 of the weights file: the model id in a `.gqz` header.
  package let identifier: [UInt8]
  /// Threads that the network uses.
  package let pool: WorkerPool

  private let encoderPart: Part<EncoderNetwork>
  private let decoderPart: Part<DecoderNetwork>
  private let predictorPart: Part<PredictorNetwork>
  let prior: PriorNetwork
  let transform: LevelTransform
  /// Nil where a position's coefficients are one group.
  let refinement: RefinementNetwork?
  /// Latents that grey pictures have no use for.
  package let chroma: [Int]
  /// The same model with its other tunings.
  private let others: [Part<Network>]

  /// What a network is loaded for; the rest of it is loaded when it is used for the first time.
  package enum Purpose: Sendable {
    case encoding, decoding, everything
  }

  /// Loads a weights file.
  ///
  /// - Parameters:
  ///   - bytes: a whole safetensors file.
  ///   - tuning: which of its tunings, where it has several; nil for its first.
  ///   - pool: the threads to use.
  /// - Throws: `ModelError`.
  package convenience init(
    parsing bytes: [UInt8], tuning: Tuning? = nil, pool: WorkerPool = WorkerPool()
  ) throws(ModelError) {
    try self.init(parsing: bytes, tuning: tuning, identifier: nil, pool: pool)
  }

  /// The same for a purpose, for a tuning that is named or numbered, and for bytes whose identifier may be known.
  package convenience init(
    parsing bytes: [UInt8], tuning: Tuning? = nil, tuningIndex: Int? = nil,
    identifier known: [UInt8]?, pool: WorkerPool, for purpose: Purpose = .everything
  ) throws(ModelError) {
    let file = try Safetensors(parsing: bytes)
    let c = try ModelConfiguration(from: file)
    // A file of one tuning is that whatever is asked for.
    let named = tuning.flatMap { c.tunings.firstIndex(of: $0) } ?? tuningIndex ?? 0
    let index = c.tunings.indices.contains(named) ? named : 0
    let identifier = Part { () throws(ModelError) in known ?? ModelFile.identifier(of: bytes) }
    try self.init(
      file, c, tuningIndex: index, identifier: identifier, pool: pool, for: purpose)
  }

  private init(
    _ file: Safetensors, _ c: ModelConfiguration, tuningIndex: Int,
    identifier: Part<[UInt8]>, pool: WorkerPool, for purpose: Purpose
  ) throws(ModelError) {
    let table = LevelTable(c)
    let cosines = try CosineTransform(from: file, pool: pool)
    configuration = c
    levels = table
    self.tuningIndex = tuningIndex
    self.pool = pool
    encoderPart = Part { () throws(ModelError) in
      try EncoderNetwork(c, cosines, tuning: tuningIndex, from: file, pool: pool)
    }
    decoderPart = Part { () throws(ModelError) in
      try DecoderNetwork(c, cosines, tuning: tuningIndex, from: file, pool: pool)
    }
    predictorPart = Part { () throws(ModelError) in
      try PredictorNetwork(c, tuning: tuningIndex, from: file, pool: pool)
    }
    let prior = Part { () throws(ModelError) in
      try PriorNetwork(c, table, cosines, tuning: tuningIndex, from: file, pool: pool)
    }
    transform = try LevelTransform(c, table, tuning: tuningIndex, from: file, pool: pool)
    refinement = try RefinementNetwork(c, table, tuning: tuningIndex, from: file, pool: pool)
    chroma = cosines.chroma
    others = c.tunings.indices.map { other in
      Part { () throws(ModelError) in
        try Network(
          file, c, tuningIndex: other, identifier: identifier, pool: pool, for: .decoding)
      }
    }
    // One beside the other, the longest first: for a small picture this is most of the program's time.
    var parts: [@Sendable () -> Void] = [identifier.load]
    if purpose != .encoding { parts.append(decoderPart.load) }
    if purpose != .decoding { parts += [encoderPart.load, predictorPart.load] }
    parts.append(prior.load)
    let loads = parts
    pool.forEach(loads.count) { loads[$0]() }
    self.identifier = try identifier.value()
    self.prior = try prior.value()
    // A file that cannot do what it is loaded for is refused now.
    if purpose != .decoding {
      _ = try encoderPart.value()
      _ = try predictorPart.value()
    }
    if purpose != .encoding { _ = try decoderPart.value() }
  }

  /// This model with another of its tunings, for decoding; itself for its own.
  ///
  /// - Throws: `ModelError`.
  package func tuned(_ index: Int) throws(ModelError) -> Network {
    index == tuningIndex ? self : try others[index].value()
  }

  /// This model with a tuning, or as it is where the file has none of this name.
  ///
  /// - Throws: `ModelError`.
  package func tuned(_ tuning: Tuning) throws(ModelError) -> Network {
    try tuned(configuration.tunings.firstIndex(of: tuning) ?? tuningIndex)
  }

  var encoder: EncoderNetwork { get throws(ModelError) { try encoderPart.value() } }
  var decoder: DecoderNetwork { get throws(ModelError) { try decoderPart.value() } }
  var predictor: PredictorNetwork { get throws(ModelError) { try predictorPart.value() } }

  /// Multiply-adds per pixel.
  package var cost: NetworkCost {
    get throws(ModelError) {
      NetworkCost(
        encoder: try encoder.cost,
        prior: prior.cost + Double(refinement?.multiplyAdds ?? 0) / 256, transform: transform.cost,
        predictor: try predictor.cost, decoder: try decoder.cost)
    }
  }

  /// The part of the encoder that does not depend on levels. Pixels: [h, w, 3] in -1...1, h and w multiples
  /// of 16.
  package func features(
    _ pixels: Tensor, outside: OutsidePositions? = nil
  ) throws(ModelError) -> EncoderFeatures {
    var stream = try encoder.featureStream(columns: pixels.columns / Self.stride, outside: outside)
    return stream.push(TensorSlice(pixels), isLast: true)
  }

  /// Latents [h/16, w/16, latents] for a level map.
  package func latents(
    _ features: EncoderFeatures, levels: [UInt8], outside: OutsidePositions? = nil
  ) throws(ModelError) -> Tensor {
    var stream = try encoder.latentStream(columns: features.linear.columns, outside: outside)
    return stream.push(features, levels: levels, isLast: true)
  }

  /// Mean squared errors [h/16, w/16, levels] that each position is expected to have at each level, samples
  /// running from -1 to 1.
  package func expectedErrors(_ features: EncoderFeatures) throws(ModelError) -> Tensor {
    var stream = try predictor.stream(columns: features.linear.columns, outside: nil)
    return stream.push(features.linear, isLast: true)
  }

  /// The coefficients [n, width] of a phase, from the latents of rows that hold its positions.
  package func coefficients(of latents: TensorRows, _ prediction: PhasePrediction) -> [Float] {
    transform.analyze(latents, prediction)
  }

  /// What is to be coded of them next: the prediction's group in units of its scales, of unit variance, [n, width].
  package func normalized(_ coefficients: [Float], _ prediction: PhasePrediction) -> [Float] {
    transform.normalize(coefficients, prediction)
  }

  /// Decodes the latents of a whole grid, as encoder and decoder both do; see ``WavefrontSchedule``.
  ///
  /// - Parameters:
  ///   - rows: rows of the grid.
  ///   - columns: columns of the grid.
  ///   - levels: a level for each position, row-major.
  ///   - outside: of the grid.
  ///   - isGrey: whether latents of chroma are zero.
  ///   - code: as in ``WavefrontSchedule/advance(correct:code:)``.
  /// - Returns: the decoder's input, [rows, columns, latents].
  package func decodedLatents<Failure: Error>(
    rows: Int, columns: Int, levels: [UInt8], outside: OutsidePositions? = nil,
    isGrey: Bool = false,
    code: (PhasePrediction) throws(Failure) -> [Float]
  ) throws(Failure) -> Tensor {
    var schedule = WavefrontSchedule(
      network: self, rows: rows, columns: columns, levels: levels, outside: outside,
      isGrey: isGrey)
    var result = Tensor(rows: 0, columns: columns, channels: configuration.latents)
    while !schedule.isFinished {
      if let latents = try schedule.advance(code: code) { result = latents }
    }
    return result
  }

  /// Pixels [16 rows, 16 columns, 3], about -1...1, from decoded latents.
  package func pixels(
    _ latents: Tensor, levels: [UInt8], outside: OutsidePositions? = nil
  ) throws(ModelError) -> Tensor {
    var stream = try decoder.stream(columns: latents.columns, outside: outside)
    return stream.push(TensorSlice(latents), levels: levels, isLast: true)
  }
}

import GQBitstream

/// Widths, depths and levels of a network, as its weights file states them under the metadata key `gqimg`.
package struct ModelConfiguration: Sendable, Equatable {
  /// The most levels.
  package static let maxLevels = 128
  /// The value of `architecture` that this code runs.
  package static let supportedArchitecture = 6

  /// Number of the network's structure; other structures need another program.
  package let architecture: Int
  /// Channels at 1/8 of the resolution.
  package let fine: Int
  /// Channels at 1/16.
  package let coarse: Int
  /// Channels of the conditional prior, at 1/16.
  package let prior: Int
  /// Blocks of the encoder at 1/8.
  package let encoderFine: Int
  /// Blocks of the encoder at 1/16.
  package let encoderCoarse: Int
  /// Blocks of the decoder at 1/16.
  package let decoderCoarse: Int
  /// Blocks of the decoder at 1/8.
  package let decoderFine: Int
  /// Blocks of the conditional prior.
  package let priorBlocks: Int
  /// Channels of the predictor of distortions, at 1/16.
  package let predictor: Int
  /// Latent channels per position.
  package let latents: Int
  /// The first latents, which the network corrects and predicts and which levels' matrices mix.
  package let leading: Int
  /// How many levels, the first ones, have a matrix of their own; the coefficients of others are the latents themselves.
  package let mixedLevels: Int
  /// Slope of the leaky ReLU for negative values.
  package let slope: Float
  /// Soft clipping of the logarithm of the prior's scale.
  package let scaleBound: Float
  /// Soft clipping of coefficients before quantization.
  package let latentBound: Float
  /// What the encoder's head gives for a position is left out where it is larger than about this; see ``Correction``.
  package let correctionBound: Float
  /// The same for the prior's means.
  package let meanBound: Float
  /// The same for what the decoder's head gives for 8 x 8 pixels.
  package let decoderBound: Float
  /// Bits of a trellis state.
  package let stateBits: Int
  /// Seed of the quantizer's noise.
  package let seed: UInt64
  /// Expected squared error of codewords relative to the posterior's variance, for 1 bit per coefficient and up.
  package let codeError: [Double]
  /// What the model is trained for: its tunings in the order of their tables.
  package let tunings: [Tuning]
  /// After how many eighths of a position's coefficients each of the groups ends that they are sent in.
  package let groupEnds: [Int]
  /// For each level and phase its bit-allocation bands as [bits per coefficient, number of coefficients]; bands of 0 bits are not sent.
  package let levels: [[[[Int]]]]

  /// Reads and checks the configuration in a weights file.
  ///
  /// - Throws: `ModelError.badConfiguration`.
  package init(from file: Safetensors) throws(ModelError) {
    guard let text = file.metadata["gqimg"] else {
      throw .badConfiguration("the metadata has no entry \"gqimg\"")
    }
    let json: JSON
    do {
      json = try JSON(parsing: text.utf8)
    } catch {
      throw .badConfiguration("the entry \"gqimg\" is not JSON: \(error.reason)")
    }
    /// A member of the kind that `read` makes of it.
    func member<Value>(_ name: String, _ read: (JSON) -> Value?) throws(ModelError) -> Value {
      guard let value = json.object?[name].flatMap(read) else {
        throw .badConfiguration("the entry \"gqimg\" has no fitting \"\(name)\"")
      }
      return value
    }
    func count(_ name: String) throws(ModelError) -> Int { try member(name) { $0.integer } }
    func number(_ name: String) throws(ModelError) -> Float {
      try member(name) { $0.double.map { Float($0) } }
    }
    architecture = try count("architecture")
    guard architecture == Self.supportedArchitecture else {
      throw .badConfiguration(
        "architecture \(architecture), this program runs \(Self.supportedArchitecture)")
    }
    fine = try count("fine")
    coarse = try count("coarse")
    prior = try count("prior")
    encoderFine = try count("encoderFine")
    encoderCoarse = try count("encoderCoarse")
    decoderCoarse = try count("decoderCoarse")
    decoderFine = try count("decoderFine")
    priorBlocks = try count("priorBlocks")
    predictor = try count("predictor")
    latents = try count("latents")
    slope = try number("slope")
    scaleBound = try number("scaleBound")
    latentBound = try number("latentBound")
    stateBits = try count("stateBits")
    seed = try member("seed") {
      if case .integer(let value) = $0 { UInt64(exactly: value) } else { nil }
    }
    codeError = try member("codeError") { $0.array.map { $0.compactMap { $0.double } } }
    groupEnds = try member("groupEnds") { $0.integers }
    levels = try member("levels") { $0.list { $0.list { $0.list { $0.integers } } } }
    leading = try count("leading")
    mixedLevels = try count("mixedLevels")
    correctionBound = try number("correctionBound")
    meanBound = try number("meanBound")
    decoderBound = try number("decoderBound")
    tunings = try member("tunings") { value in
      guard let names = value.array else { return nil }
      let known = names.compactMap { $0.text.flatMap(Tuning.init) }
      return known.count == names.count ? known : nil
    }
    try check()
  }

  private func check() throws(ModelError) {
    guard latents == CosineTransform.count else {
      throw .badConfiguration("\(latents) latents, expected \(CosineTransform.count)")
    }
    guard (1...Header.maximumTunings).contains(tunings.count), Set(tunings).count == tunings.count
    else { throw .badConfiguration("\(tunings.count) tunings, expected each once") }
    guard (0...levels.count).contains(mixedLevels) else {
      throw .badConfiguration("mixedLevels is \(mixedLevels), there are \(levels.count) levels")
    }
    // The inner layer of a block is twice as wide, and four positions at 1/8 make one at 1/16.
    let most = IntegerLayer.maximumInputs
    for (name, value, limit) in [
      ("fine", fine, most / 4), ("coarse", coarse, most / 2), ("prior", prior, most / 2),
      ("predictor", predictor, 4096), ("latents", latents, most), ("leading", leading, latents),
    ]
    where !(1...limit).contains(value) {
      throw .badConfiguration("\(name) is \(value), expected 1 to \(limit)")
    }
    for count in [encoderFine, encoderCoarse, decoderCoarse, decoderFine, priorBlocks]
    where !(1...64).contains(count) {
      throw .badConfiguration("\(count) blocks, expected 1 to 64")
    }
    guard (5...16).contains(stateBits) else {
      throw .badConfiguration("stateBits is \(stateBits), expected 5 to 16")
    }
    guard seed < 1 << 63 else { throw .badConfiguration("seed is \(seed), expected below 2^63") }
    guard !codeError.isEmpty, codeError.allSatisfy({ (1..<16).contains($0) }) else {
      throw .badConfiguration("codeError is \(codeError), expected one or more of 1 to 16")
    }
    for value in [slope, scaleBound, latentBound, correctionBound, meanBound, decoderBound]
    where !(value > 0 && value.isFinite) {
      throw .badConfiguration("slope and bounds must be positive")
    }
    guard (1...Self.maxLevels).contains(levels.count) else {
      throw .badConfiguration("\(levels.count) levels, expected 1 to \(Self.maxLevels)")
    }
    guard CodeTable.areEnds(groupEnds) else {
      throw .badConfiguration("groupEnds is \(groupEnds), expected to rise to 8")
    }
    for (level, phases) in levels.enumerated() {
      guard phases.count == CodingPhase.allCases.count else {
        throw .badConfiguration("a level has bands for \(phases.count) phases")
      }
      var bits: Set<Int> = []
      for bands in phases { bits.insert(try check(bands, isMixed: level < mixedLevels)) }
      guard bits.count == 1 else {
        throw .badConfiguration("phases of a level have \(bits.sorted()) bits, expected the same")
      }
    }
    guard RateTable(bits: LevelTable(self).bits) != nil else {
      throw .badConfiguration("the levels' bits do not rise or go beyond the format's limits")
    }
  }

  /// The bits that a position sends in bands that are as they must be.
  private func check(_ bands: [[Int]], isMixed: Bool) throws(ModelError) -> Int {
    let mostBits = min(8, stateBits - 4, codeError.count)
    var (count, bits) = (0, 0)
    for band in bands {
      // Only latents can be left out in between.
      guard band.count == 2, (isMixed ? 1...mostBits : 0...mostBits).contains(band[0]),
        (1...4096).contains(band[1])
      else {
        throw .badConfiguration("band \(band), expected at most \(mostBits) bits and a count")
      }
      count += band[1]
      bits += band[0] * band[1]
      let most = isMixed ? leading : latents
      guard count <= most else {
        throw .badConfiguration("a level codes \(count) coefficients of \(most) latents")
      }
    }
    return bits
  }
}

import GQBitstream
import GQModel
import GaussianQuant

/// Codes a picture with given levels; the same picture may be coded several times.
struct CodingPass {
  let network: Network
  let header: Header
  let quantizer: TrellisQuantizer
  let order: CodeOrder
  /// What the encoder's first half made of the picture.
  var features: PictureFeatures
  let bandPositions: Int
  /// Whether the picture is decoded again and compared.
  let measures: Bool
  /// Positions of graphics, whose errors do not count.
  var graphicsMask: [Bool]? = nil

  /// What a pass made.
  struct Result {
    let levels: [UInt8]
    /// The segments of the file.
    let segments: [[UInt8]]
    /// How what is decoded differs; nil when it was not measured.
    var errors: DecodedErrors.Found?
  }

  /// Codes the picture.
  func run(_ source: some PictureSource, _ levels: [UInt8]) throws -> Result {
    let map = LevelMap(columns: header.columns, rows: header.rows, levels: levels)
    let coding = LatentCoder.Encoding(
      LatentCoder(
        network: network, quantizer: quantizer, header: header, levelMap: map,
        outside: features.outside, order: order),
      bandPositions: bandPositions, keepsLatents: measures)
    var stream = try network.latentStream(
      columns: header.columns, levels: levels, outside: features.outside)
    var decoded =
      measures
      ? try DecodedErrors(source, levels: levels, outside: features.outside, network: network)
      : nil
    // What comes next is read and encoded, what came before decoded, while positions are coded.
    let isConcurrent = network.isPipelined(source)
    let comparison = PipelineStage(isConcurrent: isConcurrent && measures) {
      (rows: ComparedRows) throws(Never) in
      switch rows {
      case .samples(let samples): decoded?.push(samples: samples)
      case .latents(let latents): decoded?.push(latents: latents)
      }
    }
    let quantization = PipelineStage(isConcurrent: isConcurrent) {
      (latents: Tensor) throws(GaussianQuantError) in
      try coding.push(latents) { comparison.push(.latents($0)) }
    }
    try network.forEachFeatures(
      source, header, outside: features.outside, known: features.nonlinear,
      observe: { samples, _ in if measures { comparison.push(.samples(samples)) } }
    ) { try stream.push($0, isLast: $1) { try quantization.push($0) } }
    try quantization.finish()
    let segments = try coding.finish { comparison.push(.latents($0)) }
    comparison.finish()
    var errors = decoded?.found
    if let graphicsMask { errors?.leaveOut(graphicsMask) }
    return Result(levels: levels, segments: segments, errors: errors)
  }
}

/// What the comparison of a coding pass is given.
private enum ComparedRows {
  /// Samples of the picture.
  case samples([UInt8])
  /// What a decoder will have.
  case latents(Tensor)
}

extension Network {
  /// Whether the steps that a picture goes through are worth threads of their own: when it has more rows than one step
  /// takes.
  func isPipelined(_ source: some PictureSource) -> Bool {
    let grid = LatentGrid(width: source.width, height: source.height)
    return pool.threadCount > 1 && grid.rows > Network.rowsPerPush(columns: grid.columns)
  }

  /// Reads a picture and calls `body` with its features, some rows at a time, and whether they are the last, while the
  /// rows that follow are read.
  ///
  /// - Parameters:
  ///   - outside: of the grid.
  ///   - known: the nonlinear part of the features, if this is not the first time.
  ///   - observe: called before with the samples of some rows, and the network's input that they make known.
  func forEachFeatures(
    _ source: some PictureSource, _ header: Header, outside: OutsidePositions?,
    known: [TensorSlice]? = nil,
    observe: @escaping ([UInt8], Tensor) -> Void = { _, _ in },
    _ body: @escaping (EncoderFeatures, Bool) throws -> Void
  ) throws {
    var input = NetworkInputRows(
      width: source.width, colorType: source.colorType, pool: pool)
    var stream = try featureStream(columns: header.columns, outside: outside, known: known)
    var (rows, done) = (0, 0)
    let features = PipelineStage(isConcurrent: isPipelined(source)) { (samples: [UInt8]) throws in
      rows += samples.count / (source.width * source.colorType.componentCount)
      let isLast = rows == source.height
      let tensor = input.push(samples, isLast: isLast)
      observe(samples, tensor)
      try stream.push(tensor, isLast: isLast) { features in
        done += features.rows
        try body(features, done == header.rows)
      }
    }
    try source.forEachRows(Network.rowsPerPush(columns: header.columns) * Network.stride) {
      try features.push($0)
    }
    try features.finish()
    precondition(done == header.rows, "a source gives all its rows")
  }
}

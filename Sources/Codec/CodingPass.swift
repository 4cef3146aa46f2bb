import GQBitstream
import GQModel

/// Codes a picture with given levels; the same picture may be coded several times.
struct CodingPass {
  let network: Network
  let header: Header
  let quantizer: TrellisQuantizer
  let order: CodeOrder
  /// The features of the whole picture, from above to below; nil when they are to be computed again.
  let features: [EncoderFeatures]?
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
    let errors: DecodedErrors.Found?
  }

  /// Codes the picture.
  func run(_ source: some PictureSource, _ levels: [UInt8]) throws -> Result {
    let map = LevelMap(columns: header.columns, rows: header.rows, levels: levels)
    let coding = LatentCoder.Encoding(
      LatentCoder(
        network: network, quantizer: quantizer, header: header, levelMap: map, order: order),
      bandPositions: bandPositions, keepsLatents: measures)
    var stream = try network.latentStream(columns: header.columns, levels: levels)
    var decoded = measures ? try DecodedErrors(source, levels: levels, network: network) : nil
    func code(_ features: EncoderFeatures, isLast: Bool) throws {
      try stream.push(features, isLast: isLast) { latents in
        try coding.push(latents) { decoded?.push(latents: $0) }
      }
    }
    if let features {
      var (parts, coded, read) = (features[...], 0, 0)
      // Samples come first, as many as the next features were made of.
      func codeRead() throws {
        while let part = parts.first,
          (coded + part.rows) * Network.stride <= read || read == header.height
        {
          parts.removeFirst()
          coded += part.rows
          try code(part, isLast: parts.isEmpty)
        }
      }
      if measures {
        try source.forEachRows(Network.rowsPerPush(columns: header.columns) * Network.stride) {
          samples in
          decoded?.push(samples: samples)
          read += samples.count / (source.width * source.colorType.componentCount)
          try codeRead()
        }
      }
      read = header.height
      try codeRead()
    } else {
      try network.forEachFeatures(
        source, header, observe: { samples, _ in decoded?.push(samples: samples) }
      ) { try code($0, isLast: $1) }
    }
    let segments = try coding.finish { decoded?.push(latents: $0) }
    var errors = decoded?.found
    if let graphicsMask, errors != nil {
      for (position, isSet) in graphicsMask.enumerated() where isSet {
        errors?.squares[position] = 0
        errors?.shifts[position] = 0
      }
    }
    return Result(levels: levels, segments: segments, errors: errors)
  }
}

extension Network {
  /// Reads a picture and calls `body` with its features, some rows at a time, and whether they are the last.
  ///
  /// - Parameter observe: called before with the samples of some rows, and the network's input that they make known.
  func forEachFeatures(
    _ source: some PictureSource, _ header: Header,
    observe: ([UInt8], Tensor) -> Void = { _, _ in },
    _ body: (EncoderFeatures, Bool) throws -> Void
  ) throws {
    var input = NetworkInputRows(
      width: source.width, colorType: source.colorType, pool: pool)
    var stream = try featureStream(columns: header.columns)
    var (rows, done) = (0, 0)
    try source.forEachRows(Network.rowsPerPush(columns: header.columns) * Network.stride) {
      samples in
      rows += samples.count / (source.width * source.colorType.componentCount)
      let isLast = rows == source.height
      let tensor = input.push(samples, isLast: isLast)
      observe(samples, tensor)
      try stream.push(tensor, isLast: isLast) { features in
        done += features.rows
        try body(features, done == header.rows)
      }
    }
    precondition(done == header.rows, "a source gives all its rows")
  }
}

public import Bitstream
public import Model

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// Turns pictures into `.gqz` files. One encoder may serve many pictures and threads. Inverse: `GQDecoder`.
public final class GQEncoder: Sendable {
  private let network: Network

  /// An encoder for a model.
  public init(network: Network) {
    self.network = network
  }

  /// The file of a picture, and what was chosen on the way.
  public struct Result: Sendable {
    /// The whole file.
    public let bytes: [UInt8]
    /// The level of every position.
    public let levelMap: LevelMap
  }

  /// Encodes a picture.
  ///
  /// With `RateTarget.bitsPerPixel` and `.bytes` the file is never larger than asked for.
  ///
  /// Alpha is kept without loss, but colours under alpha 0 are not; metadata is kept as it is.
  ///
  /// - Throws: `CodecError` for impossible options, `ModelError` when the network cannot run.
  public func encode(_ picture: Picture, options: EncodingOptions = EncodingOptions()) throws
    -> Result
  {
    try options.check()
    return try encode(
      PictureRows(picture: picture.fillingTransparentPixels()), try Attachments(picture), options)
  }

  /// Encodes a picture that need not be held in memory: the same file as for a picture in memory.
  ///
  /// Memory is that of a few rows of tiles, of the choice of levels, about 0.7 bytes per pixel, and up to 25 megapixels of
  /// what the network makes of the picture, 6.5 bytes per pixel. Larger pictures are read twice instead; with an effort of
  /// 7 or more all of a picture is held.
  ///
  /// - Throws: as `encode(_:options:)`, and what the source throws.
  public func encode(
    _ source: some PictureSource, options: EncodingOptions = EncodingOptions()
  ) throws -> Result {
    try options.check()
    return try encode(source, try Attachments(source.metadata), options)
  }

  /// Positions up to which the encoder's features are kept between the choice of levels and coding: 25 megapixels.
  static let heldPositions = 3 << 15

  func encode(
    _ source: some PictureSource, _ attachments: Attachments, _ options: EncodingOptions,
    heldPositions: Int = GQEncoder.heldPositions, bandPositions: Int = LatentCoder.bandPositions
  ) throws -> Result {
    let header = header(source, options.quantizer, effort: options.effort)
    let quantizer = try makeQuantizer(
      header.quantizer, seed: header.seed, table: network.levels, pool: network.pool)
    let measures = options.effort >= 7 && network.configuration.tuning == .psnr
    let holds = measures || header.columns * header.rows <= heldPositions

    // What is kept between the choice of levels and coding.
    var heldInput: [Tensor] = []
    var heldFeatures: [EncoderFeatures] = []
    var errors = LevelErrors(header: header)
    var errorStream = try network.errorStream(columns: header.columns)
    try forEachFeatures(source, header, inputs: { if measures { heldInput.append($0) } }) {
      features, isLast in
      if holds { heldFeatures.append(features) }
      errors.append(try errorStream.push(features, isLast: isLast))
    }
    if measures {
      try errors.measure(
        draws: 1 << (options.effort - 7), network: network, quantizer: quantizer,
        features: EncoderFeatures(joining: heldFeatures),
        source: Tensor(
          joining: heldInput, columns: header.columns * Network.stride, channels: 3))
    }
    errors.makeFalling(bits: network.levels.bits)
    let levels = try chooseLevels(options, header, attachments, errors)
    let map = LevelMap(columns: header.columns, rows: header.rows, levels: levels)

    let coding = LatentCoder.Encoding(
      LatentCoder(
        network: network, quantizer: quantizer, header: header, levelMap: map,
        order: options.order), bandPositions: bandPositions)
    var latentStream = try network.latentStream(columns: header.columns, levels: levels)
    if holds {
      heldFeatures.reverse()
      while let features = heldFeatures.popLast() {
        try latentStream.push(features, isLast: heldFeatures.isEmpty) { try coding.push($0) }
      }
    } else {
      try forEachFeatures(source, header) { features, isLast in
        try latentStream.push(features, isLast: isLast) { try coding.push($0) }
      }
    }
    let coded = CodedPicture(
      header: header, ladder: LevelLadder(network.levels), levelMap: map, order: options.order,
      segments: try coding.finish(), ancillary: attachments.chunks,
      hasHeadCopy: options.copiesHead)
    return Result(bytes: coded.serialized(), levelMap: map)
  }

  /// Reads a picture and calls `body` with its features, some rows at a time, and whether they are the last.
  private func forEachFeatures(
    _ source: some PictureSource, _ header: Header, inputs: (Tensor) -> Void = { _ in },
    _ body: (EncoderFeatures, Bool) throws -> Void
  ) throws {
    var input = NetworkInputRows(
      width: source.width, colorType: source.colorType, pool: network.pool)
    var stream = try network.featureStream(columns: header.columns)
    var (rows, done) = (0, 0)
    try source.forEachRows(Network.rowsPerPush(columns: header.columns) * Network.stride) {
      samples in
      rows += samples.count / (source.width * source.colorType.componentCount)
      let isLast = rows == source.height
      let tensor = input.push(samples, isLast: isLast)
      inputs(tensor)
      try stream.push(tensor, isLast: isLast) { features in
        done += features.rows
        try body(features, done == header.rows)
      }
    }
    precondition(done == header.rows, "a source gives all its rows")
  }

  /// The picture that a decoder would show if every coefficient were sent as a sample of its posterior, with no
  /// codebook in between: what the codebook costs is the difference to a decoded file of the same levels.
  public func posteriorSample(_ picture: Picture, levelMap: LevelMap) throws -> Picture {
    let header = header(PictureRows(picture: picture), .trellis, effort: 1)
    precondition(header.rows == levelMap.rows && header.columns == levelMap.columns)
    let coder = LatentCoder(
      network: network,
      quantizer: try makeQuantizer(
        header.quantizer, seed: header.seed, table: network.levels, pool: network.pool),
      header: header, levelMap: levelMap)
    let latents = try coder.simulate(
      try network.features(picture.networkInput(network.pool)), .posteriorSample)
    return Picture(
      networkOutput: try network.pixels(latents, levels: levelMap.levels), width: picture.width,
      height: picture.height, colorType: picture.colorType, network.pool)
  }

  private func header(
    _ picture: some PictureSource, _ quantizer: QuantizerChoice, effort: Int
  ) -> Header {
    Header(
      width: picture.width, height: picture.height,
      colorType: picture.colorType == .grey ? .grey : .rgb,
      quantizer: quantizer.headerValue(network.configuration, effort: effort),
      seed: network.configuration.seed,
      modelIdentifier: network.identifier)
  }

  /// A level for every position.
  private func chooseLevels(
    _ options: EncodingOptions, _ header: Header, _ attachments: Attachments,
    _ errors: LevelErrors
  ) throws -> [UInt8] {
    let ladder = LevelLadder(network.levels)
    let allocator = Allocator(errors: errors, bits: ladder.bits) {
      CodedPicture.byteCount(
        header: header, ladder: ladder,
        levelMap: LevelMap(columns: header.columns, rows: header.rows, levels: $0),
        order: options.order, ancillary: attachments.chunks, hasHeadCopy: options.copiesHead)
    }
    let bytes: Int
    switch options.target {
    case .quality(let quality):
      if options.uniform {
        let rung = (quality / 100 * Double(ladder.rungs.count - 1)).rounded()
        return allocator.uniformLevels(bits: ladder.rungs[Int(rung)].bits)
      }
      return allocator.levels(multiplier: multiplier(quality: quality))
    case .bitsPerPixel(let rate):
      bytes = Int(rate * Double(header.width * header.height) / 8)
    case .bytes(let count):
      bytes = count
    }
    do {
      return options.uniform
        ? try allocator.uniformLevels(atMost: bytes) : try allocator.levels(atMost: bytes)
    } catch CodecError.targetTooSmall(let allowed, let smallest) where !attachments.chunks.isEmpty {
      throw CodecError.noRoomForAttachments(
        allowedBytes: allowed, smallestBytes: smallest,
        metadataBytes: attachments.metadataBytes, alphaBytes: attachments.alphaBytes)
    }
  }

  /// Distortion that a bit must save at this quality: squared error of samples in -1...1, or dissimilarity.
  func multiplier(quality: Double) -> Double {
    // Halves every 8 steps. A model of either tuning takes about half a bit per pixel at the default quality.
    let scale = network.configuration.tuning == .psnr ? 0.95 : 6.9
    return scale * exp2(-quality / 8)
  }
}

package import GQBitstream
internal import CGQKernels
package import GQModel

/// Turns pictures into `.gqz` files. One encoder may serve many pictures and threads. Inverse: `GQDecoder`.
public final class GQEncoder: Sendable {
  private let network: Network

  /// An encoder for a model.
  package init(network: Network) {
    self.network = network
  }

  /// The file of a picture, and what was chosen on the way.
  package struct Result: Sendable {
    /// The whole file.
    package let bytes: [UInt8]
    /// The level of every position.
    package let levelMap: LevelMap
  }

  /// Encodes a picture.
  ///
  /// With `RateTarget.bitsPerPixel` and `.bytes` the file is never larger than asked for.
  ///
  /// Alpha is kept without loss, but colours under alpha 0 are not unless the encode is lossless; metadata is kept as it is.
  ///
  /// - Throws: `CodecError` for impossible options, `BitstreamError.limitExceeded` for a picture that `DecodeLimits` would
  ///   refuse, `ModelError` when the network cannot run.
  package func encode(_ picture: Picture, options: EncodingOptions = EncodingOptions()) throws
    -> Result
  {
    try options.check()
    return try encode(
      PictureRows(picture: options.isLossless ? picture : picture.fillingTransparentPixels()),
      try Attachments(picture, preview: options.preview), options)
  }

  /// Encodes a picture that need not be in memory: the same file as for a picture in memory.
  ///
  /// Memory is that of a few rows of tiles, of the choice of levels, about 1 byte per pixel, and up to 25 megapixels of
  /// samples and of what the network makes of them, 6.5 bytes per pixel. Larger pictures are read several times instead; with an
  /// effort of 7 or more all of a picture is buffered.
  ///
  /// - Throws: as `encode(_:options:)`, and what the source throws.
  package func encode(
    _ source: some PictureSource, options: EncodingOptions = EncodingOptions()
  ) throws -> Result {
    try options.check()
    return try encode(source, try Attachments(source.metadata, preview: options.preview), options)
  }

  /// Positions of the largest pictures whose samples and features are kept between the choice of levels and coding: 25 megapixels.
  private static let heldPositions = 3 << 15

  func encode(
    _ source: some PictureSource, _ attachments: Attachments, _ options: EncodingOptions,
    heldPositions: Int = GQEncoder.heldPositions, bandPositions: Int = LatentCoder.bandPositions,
    colorType: Header.ColorType? = nil
  ) throws -> Result {
    if options.isLossless {
      return try LosslessEncoder(pool: network.pool).encode(source, attachments, options)
    }
    // What readers refuse is not written.
    try DecodeLimits().check(width: source.width, height: source.height)
    if try source.isNeutral() {
      return try encode(
        NeutralRows(rows: source), attachments, options, heldPositions: heldPositions,
        bandPositions: bandPositions, colorType: .neutral)
    }
    let header = header(source, options, colorType)
    let quantizer = try TrellisQuantizer(header, table: network.levels, pool: network.pool)
    let holds = header.columns * header.rows <= heldPositions

    // Read once, if it is not too large.
    let holdsRows = holds && !source.isInMemory
    var heldRows: [[UInt8]] = []
    var candidates = GraphicsCandidates(header: header, pool: network.pool)
    let looksForGraphics = options.graphics == .auto && !options.uniform
    let components = source.colorType.componentCount
    let (features, errors) = try PictureFeatures.read(source, header, network, holds: holds) {
      if holdsRows { heldRows.append($0) }
      if looksForGraphics { candidates.push($0, components: components) }
    }
    var picture = PictureEncoding(
      network: network, source: HeldRows(source: source, parts: holdsRows ? heldRows : nil),
      header: header, attachments: attachments, options: options, candidates: candidates,
      errors: errors,
      pass: CodingPass(
        network: network, header: header, quantizer: quantizer, order: options.order,
        features: features, bandPositions: bandPositions,
        measures: options.effort >= Self.leastCheckingEffort && !options.uniform))
    heldRows = []
    try picture.chooseGraphics()
    func graphicsAlone() throws -> Result? {
      guard picture.isGraphics, let graphics = picture.graphics else { return nil }
      return try LosslessEncoder.file(graphics, header, attachments, options)
    }
    if let exact = try? graphicsAlone() { return exact }
    var exact: Result?
    func lossless(atMost allowed: Int?) throws -> Result? {
      guard looksForGraphics, let allowed else { return nil }
      var lossless = options
      lossless.target = .quality(100)
      let file =
        try exact
        ?? LosslessEncoder(pool: network.pool).encode(
          picture.source, header.colorType, attachments, lossless)
      exact = file
      return file.bytes.count <= allowed ? file : nil
    }
    if let expected = picture.expectedByteCount,
      let exact = try lossless(atMost: picture.losslessBytes(insteadOf: expected))
    {
      return exact
    }
    if let exact = try lossless(atMost: picture.spaciousTarget) { return exact }
    try picture.measureLevels()
    let best: CodingPass.Result
    do {
      best = try picture.code()
      if let exact = try graphicsAlone() { return exact }
    } catch CodecError.targetTooSmall where picture.graphics != nil {
      // Too few bytes for graphics without loss.
      var options = options
      options.graphics = .off
      return try encode(
        source, attachments, options, heldPositions: heldPositions, bandPositions: bandPositions,
        colorType: colorType)
    }
    let map = LevelMap(columns: header.columns, rows: header.rows, levels: best.levels)
    let coded = CodedPicture(
      header: header, rateTable: RateTable(network.levels), levelMap: map,
      graphics: picture.graphics,
      order: options.order, segments: best.segments, ancillary: attachments.chunks,
      hasHeadCopy: options.copiesHead)
    let bytes = coded.serialized()
    return try lossless(atMost: picture.losslessBytes(insteadOf: bytes.count))
      ?? Result(bytes: bytes, levelMap: map)
  }

  /// The least effort that decodes what it has coded and compares.
  static let leastCheckingEffort = 3

  /// The picture that a decoder would show if every coefficient were sent as a sample of its posterior, with no
  /// codebook in between: what the codebook costs is the difference to a decoded file of the same levels.
  package func posteriorSample(_ picture: Picture, levelMap: LevelMap) throws -> Picture {
    let header = header(PictureRows(picture: picture), EncodingOptions(effort: 1))
    precondition(header.rows == levelMap.rows && header.columns == levelMap.columns)
    let coder = LatentCoder(
      network: network,
      quantizer: try TrellisQuantizer(header, table: network.levels, pool: network.pool),
      header: header, levelMap: levelMap)
    let latents = try coder.simulate(
      try network.features(picture.networkInput(network.pool)), .posteriorSample)
    return Picture(
      networkOutput: try network.pixels(latents, levels: levelMap.levels), width: picture.width,
      height: picture.height, colorType: picture.colorType, network.pool)
  }

  private func header(
    _ picture: some PictureSource, _ options: EncodingOptions, _ colorType: Header.ColorType? = nil
  ) -> Header {
    Header(
      width: picture.width, height: picture.height,
      colorType: colorType ?? (picture.colorType == .grey ? .grey : .rgb),
      tuning: network.tuningIndex,
      stateBits: options.stateBits(network.configuration),
      seed: network.configuration.seed,
      modelIdentifier: network.identifier)
  }
}

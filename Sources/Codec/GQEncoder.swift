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
  /// Memory is that of a few rows of tiles, of the choice of levels, about 0.7 bytes per pixel, and up to 25 megapixels of
  /// what the network makes of the picture, 6.5 bytes per pixel. Larger pictures are read twice instead; with an effort of
  /// 7 or more all of a picture is buffered.
  ///
  /// - Throws: as `encode(_:options:)`, and what the source throws.
  package func encode(
    _ source: some PictureSource, options: EncodingOptions = EncodingOptions()
  ) throws -> Result {
    try options.check()
    return try encode(source, try Attachments(source.metadata, preview: options.preview), options)
  }

  /// Values of the encoder's features that are kept between the choice of levels and coding: those of 25 megapixels with 320
  /// latents.
  private static let heldValues = (3 << 15) * (320 + 224)

  func encode(
    _ source: some PictureSource, _ attachments: Attachments, _ options: EncodingOptions,
    heldPositions: Int? = nil, bandPositions: Int = LatentCoder.bandPositions,
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
    let measures = options.effort >= 7 && network.tuning == .psnr
    let c = network.configuration
    let most = heldPositions ?? Self.heldValues / (c.latents + c.coarse)
    let holds = measures || header.columns * header.rows <= most

    // What is kept between the choice of levels and coding.
    var heldInput: [Tensor] = []
    var heldFeatures: [EncoderFeatures] = []
    var errors = LevelErrors(header: header)
    var candidates = GraphicsCandidates(header: header, pool: network.pool)
    let looksForGraphics = options.graphics == .auto && !options.uniform
    let components = source.colorType.componentCount
    var errorStream = try network.errorStream(columns: header.columns)
    try network.forEachFeatures(
      source, header,
      observe: {
        if measures { heldInput.append($1) }
        if looksForGraphics { candidates.push($0, components: components) }
      }
    ) { features, isLast in
      if holds { heldFeatures.append(features) }
      errors.append(errorStream.push(features, isLast: isLast))
    }
    if measures {
      try errors.measure(
        draws: 1 << (options.effort - 7), network: network, quantizer: quantizer,
        features: EncoderFeatures(joining: heldFeatures),
        source: Tensor(
          joining: heldInput, columns: header.columns * Network.stride, channels: 3))
    }
    var graphics: GraphicsLayer?
    // What is expected where graphics are too, if there are any.
    var predicted: LevelErrors?
    if candidates.mask.contains(true) {
      graphics = try chooseGraphics(source, header, attachments, candidates, errors, options)
    }
    if let graphics {
      if !graphics.mask.contains(false),
        let exact = try? LosslessEncoder.file(graphics, header, attachments, options)
      {
        return exact
      }
      predicted = errors
      errors.clear(graphics.mask)
    }
    var pass = CodingPass(
      network: network, header: header, quantizer: quantizer, order: options.order,
      features: holds ? heldFeatures : nil, bandPositions: bandPositions,
      measures: options.effort >= Self.leastCheckingEffort && !options.uniform,
      graphicsMask: graphics?.mask)
    heldFeatures = []
    heldInput = []
    var best: CodingPass.Result
    do {
      best = try pass.run(
        source, try chooseLevels(options, header, attachments, graphics, errors))
    } catch CodecError.targetTooSmall where graphics != nil {
      // Too few bytes for graphics without loss.
      var options = options
      options.graphics = .off
      return try encode(
        source, attachments, options, heldPositions: heldPositions, bandPositions: bandPositions,
        colorType: colorType)
    }
    /// Adds positions to the graphics; their errors count no more.
    func keepWithoutLoss(_ positions: [Int], _ measured: inout DecodedErrors.Found) throws {
      guard !positions.isEmpty else { return }
      var mask = graphics?.mask ?? [Bool](repeating: false, count: candidates.mask.count)
      for position in positions { mask[position] = true }
      graphics = try CodedGraphics(
        source, header: header, mask: mask, effort: options.effort, pool: network.pool
      ).layer
      pass.graphicsMask = mask
      measured.leaveOut(mask)
    }
    // What was predicted of content unlike the training's may be far off: then levels are chosen again, four times at most, and
    // once in large pictures, of which a position is a small part. A few positions of these are rather kept without loss.
    if var measured = best.errors {
      var revision = LevelRevision(network: network)
      var levels = best.levels
      let isLarge = levels.count > LevelRevision.crowd
      let unlearned = isLarge ? nil : errors
      var keeps = looksForGraphics && (graphics != nil || levels.count > Self.tinyPositions)
      if case .quality = options.target {} else { keeps = false }
      if keeps {
        try keepWithoutLoss(revision.shifted(candidates, measured, errors), &measured)
        best.errors = measured
      }
      for _ in 0..<(isLarge ? 1 : 4) {
        guard revision.learn(&errors, levels: levels, measured: measured) else { break }
        if isLarge, revision.isFarOffAlone, keeps, predicted == nil {
          try keepWithoutLoss(revision.farOff, &measured)
          break
        }
        if let graphics, let predicted {
          errors.restore(predicted, in: graphics.mask, beside: revision.farOff)
        }
        let chosen = try chooseLevels(options, header, attachments, graphics, errors)
        if chosen == levels { break }
        levels = chosen
        let coded = try pass.run(source, levels)
        measured = coded.errors ?? measured
        func cost(_ coded: CodingPass.Result) -> Double {
          let sum = coded.errors.map { revision.cost($0, errors) } ?? 0
          guard case .quality(let quality) = options.target else { return sum }
          let bits = coded.levels.reduce(0) { $0 + network.levels.bits[Int($1)] }
          return sum + QualityScale.lambda(quality: quality, tuning: network.tuning) * Double(bits)
        }
        if cost(coded) < cost(best) { best = coded }
      }
      // What is still far off beside graphics becomes graphics too, for beside exact grounds it is seen, and what has many bits.
      if keeps, var found = best.errors {
        try keepWithoutLoss(revision.shifted(candidates, found, errors), &found)
        let mask = graphics?.mask ?? [Bool](repeating: false, count: levels.count)
        let farOff = revision.farOff(
          beside: mask, levels: best.levels, measured: found,
          expected: predicted ?? unlearned ?? errors)
        try keepWithoutLoss(farOff, &found)
      }
    }
    let map = LevelMap(columns: header.columns, rows: header.rows, levels: best.levels)
    let coded = CodedPicture(
      header: header, rateTable: RateTable(network.levels), levelMap: map, graphics: graphics,
      order: options.order, segments: best.segments, ancillary: attachments.chunks,
      hasHeadCopy: options.copiesHead)
    let bytes = coded.serialized()
    if looksForGraphics, header.rows * header.columns <= Self.tinyPositions, graphics == nil {
      let allowed = options.target.bytes(header) ?? 2 * bytes.count + Self.tinyBytes
      // Photographs are far from it by the estimate.
      if candidates.bits.reduce(0, +) < 16 * Float(allowed) {
        var lossless = options
        lossless.target = .quality(100)
        let exact = try LosslessEncoder(pool: network.pool).encode(
          source, header.colorType, attachments, lossless)
        if exact.bytes.count <= allowed { return exact }
      }
    }
    return Result(bytes: bytes, levelMap: map)
  }

  /// Pictures of at most so many positions are kept without loss where that takes at most twice the bytes and so many more.
  private static let (tinyPositions, tinyBytes) = (16, 200)

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

  /// The graphics that pay, if any do.
  private func chooseGraphics(
    _ source: some PictureSource, _ header: Header, _ attachments: Attachments,
    _ candidates: GraphicsCandidates, _ errors: LevelErrors, _ options: EncodingOptions
  ) throws -> GraphicsLayer? {
    // By sums of errors: squares make little of what is expected of flat content, about which predictions know least.
    let allocator = allocator(options, header, attachments, nil, errors, norm: .sum)
    let value: Double
    if let bytes = options.target.bytes(header) {
      guard let found = allocator.lambda(atMost: bytes) else { return nil }
      value = found
    } else if case .quality(let quality) = options.target {
      value = QualityScale.lambda(quality: quality, tuning: network.tuning, norm: .sum)
    } else {
      return nil
    }
    return try CodedGraphics.chosen(
      source, header: header, candidates: candidates, costs: allocator.costs(lambda: value),
      coded: allocator.levels(lambda: value).map { allocator.bits[Int($0)] },
      lambda: value, effort: options.effort, pool: network.pool)
  }

  private func allocator(
    _ options: EncodingOptions, _ header: Header, _ attachments: Attachments,
    _ graphics: GraphicsLayer?, _ errors: LevelErrors, norm: ErrorNorm? = nil
  ) -> Allocator {
    let rateTable = RateTable(network.levels)
    let graphicsBytes = graphics?.byteCount(header) ?? (0, 0)
    return Allocator(errors: errors, bits: rateTable.bits, norm: norm ?? network.tuning.norm) {
      CodedPicture.byteCount(
        header: header, rateTable: rateTable,
        levelMap: LevelMap(columns: header.columns, rows: header.rows, levels: $0),
        graphicsBytes: graphicsBytes, order: options.order, ancillary: attachments.chunks,
        hasHeadCopy: options.copiesHead)
    }
  }

  /// A level for every position.
  private func chooseLevels(
    _ options: EncodingOptions, _ header: Header, _ attachments: Attachments,
    _ graphics: GraphicsLayer?, _ errors: LevelErrors
  ) throws -> [UInt8] {
    let rateTable = RateTable(network.levels)
    let allocator = allocator(options, header, attachments, graphics, errors)
    if case .quality(let quality) = options.target {
      if options.uniform {
        let rateLevel = (quality / 100 * Double(rateTable.rateLevels.count - 1)).rounded()
        return allocator.uniformLevels(bits: rateTable.rateLevels[Int(rateLevel)].bits)
      }
      return allocator.levels(lambda: QualityScale.lambda(quality: quality, tuning: network.tuning))
    }
    let bytes = options.target.bytes(header) ?? 0
    do throws(CodecError) {
      return options.uniform
        ? try allocator.uniformLevels(atMost: bytes) : try allocator.levels(atMost: bytes)
    } catch {
      guard case .targetTooSmall(let allowed, let smallest) = error, !attachments.chunks.isEmpty
      else { throw error }
      throw CodecError.noRoomForAttachments(
        allowedBytes: allowed, smallestBytes: smallest,
        metadataBytes: attachments.metadataBytes, alphaBytes: attachments.alphaBytes)
    }
  }
}

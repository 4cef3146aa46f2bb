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
    let header = header(picture, options.quantizer, effort: options.effort)
    let quantizer = try makeQuantizer(
      header.quantizer, seed: header.seed, table: network.levels, pool: network.pool)
    let attachments = try Attachments(picture)
    let source = picture.fillingTransparentPixels().networkInput()
    let features = try network.features(source)
    let levels = try chooseLevels(options, header, attachments) { effort in
      try LevelErrors(
        network: network, quantizer: quantizer, header: header, features: features, source: source
      ).estimate(effort: effort)
    }
    let map = LevelMap(columns: header.columns, rows: header.rows, levels: levels)
    let coder = LatentCoder(
      network: network, quantizer: quantizer, header: header, levelMap: map, order: options.order)
    let coded = CodedPicture(
      header: header, ladder: LevelLadder(network.levels), levelMap: map, order: options.order,
      segments: try coder.encode(features).segments, ancillary: attachments.chunks,
      hasHeadCopy: options.copiesHead)
    return Result(bytes: coded.serialized(), levelMap: map)
  }

  /// The picture that a decoder would show if every coefficient were sent as a sample of its posterior, with no
  /// codebook in between: what the codebook costs is the difference to a decoded file of the same levels.
  public func posteriorSample(_ picture: Picture, levelMap: LevelMap) throws -> Picture {
    let header = header(picture, .trellis, effort: 1)
    precondition(header.rows == levelMap.rows && header.columns == levelMap.columns)
    let coder = LatentCoder(
      network: network,
      quantizer: try makeQuantizer(
        header.quantizer, seed: header.seed, table: network.levels, pool: network.pool),
      header: header, levelMap: levelMap)
    let latents = try coder.simulate(
      try network.features(picture.networkInput()), .posteriorSample)
    return Picture(
      networkOutput: try network.pixels(latents, levels: levelMap.levels), width: picture.width,
      height: picture.height, colorType: picture.colorType)
  }

  private func header(_ picture: Picture, _ quantizer: QuantizerChoice, effort: Int) -> Header {
    Header(
      width: picture.width, height: picture.height,
      colorType: picture.colorType == .grey ? .grey : .rgb,
      quantizer: quantizer.headerValue(network.configuration, effort: effort),
      seed: network.configuration.seed,
      modelIdentifier: network.identifier)
  }

  /// A level for every position; `errors` estimates those of the levels when they are needed.
  private func chooseLevels(
    _ options: EncodingOptions, _ header: Header, _ attachments: Attachments,
    errors: (Int) throws -> [[Double]]
  ) throws -> [UInt8] {
    let ladder = LevelLadder(network.levels)
    func makeAllocator() throws -> Allocator {
      Allocator(errors: try errors(options.effort), bits: ladder.bits) {
        CodedPicture.byteCount(
          header: header, ladder: ladder,
          levelMap: LevelMap(columns: header.columns, rows: header.rows, levels: $0),
          order: options.order, ancillary: attachments.chunks, hasHeadCopy: options.copiesHead)
      }
    }
    let bytes: Int
    switch options.target {
    case .quality(let quality):
      let allocator = try makeAllocator()
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
    let allocator = try makeAllocator()
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

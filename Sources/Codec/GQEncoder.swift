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
  private let quantizer: LatentQuantizer

  /// An encoder for a model.
  ///
  /// - Throws: `GaussianQuantError` when the model's codebooks are not possible.
  public init(network: Network) throws {
    self.network = network
    quantizer = try LatentQuantizer(network, searching: true)
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
  /// - Throws: `CodecError` for impossible options, `ModelError` when the network cannot run.
  public func encode(_ picture: Picture, options: EncodingOptions = EncodingOptions()) throws
    -> Result
  {
    try options.check()
    let grid = LatentGrid(width: picture.width, height: picture.height)
    let source = picture.networkInput()
    let features = try network.features(source)
    let levels = try chooseLevels(picture, source, features, options)
    let (_, indices) = try network.code(
      features, levels: levels, grid: grid, quantizer: quantizer, mode: .codewords)
    let map = LevelMap(columns: grid.columns, rows: grid.rows, levels: levels)
    let coded = CodedPicture(
      header: header(picture), ladder: LevelLadder(network.levels.indexCounts), levelMap: map,
      indices: Array(indices.joined()))
    return Result(bytes: coded.serialized(), levelMap: map)
  }

  /// The picture that a decoder would show if every group were sent as a sample of its posterior, with no
  /// codebook in between: what the codebook costs is the difference to a decoded file of the same levels.
  public func posteriorSample(_ picture: Picture, levelMap: LevelMap) throws -> Picture {
    let grid = LatentGrid(width: picture.width, height: picture.height)
    precondition(grid.rows == levelMap.rows && grid.columns == levelMap.columns)
    let (latents, _) = try network.code(
      try network.features(picture.networkInput()), levels: levelMap.levels, grid: grid,
      quantizer: quantizer, mode: .posteriorSamples)
    return Picture(
      networkOutput: try network.pixels(latents, levels: levelMap.levels), width: picture.width,
      height: picture.height, colorType: picture.colorType)
  }

  private func header(_ picture: Picture) -> Header {
    Header(
      width: picture.width, height: picture.height,
      colorType: picture.colorType == .grey ? .grey : .rgb,
      codebookBits: network.configuration.codebookBits,
      codebookSeed: network.configuration.codebookSeed, modelIdentifier: network.identifier)
  }

  private func chooseLevels(
    _ picture: Picture, _ source: Tensor, _ features: EncoderFeatures, _ options: EncodingOptions
  ) throws -> [UInt8] {
    let grid = LatentGrid(width: picture.width, height: picture.height)
    let counts = network.levels.indexCounts
    let ladder = LevelLadder(counts)
    let header = header(picture)
    func allocator(_ errors: [[Double]]) -> Allocator {
      Allocator(errors: errors, bits: counts.map { $0 * network.configuration.codebookBits }) {
        CodedPicture.byteCount(
          header: header, ladder: ladder,
          levelMap: LevelMap(columns: grid.columns, rows: grid.rows, levels: $0))
      }
    }
    func measured() throws -> Allocator {
      allocator(
        try LevelErrors(
          network: network, quantizer: quantizer, features: features, source: source,
          width: picture.width, height: picture.height
        ).measure(effort: options.effort))
    }
    let bytes: Int
    switch options.target {
    case .quality(let quality):
      if options.uniform {
        let level = (quality / 100 * Double(counts.count - 1)).rounded()
        return Array(repeating: UInt8(level), count: grid.positionCount)
      }
      return try measured().levels(multiplier: Self.multiplier(quality: quality))
    case .bitsPerPixel(let rate):
      bytes = Int(rate * Double(picture.width * picture.height) / 8)
    case .bytes(let count):
      bytes = count
    }
    if options.uniform {
      // No error needs to be known.
      let none = [Double](repeating: 0, count: grid.positionCount)
      return try allocator(Array(repeating: none, count: counts.count))
        .uniformLevels(atMost: bytes)
    }
    return try measured().levels(atMost: bytes)
  }

  /// Squared error, in units where samples run from -1 to 1, that a bit must save at this quality.
  static func multiplier(quality: Double) -> Double {
    // Halves every 8 steps.
    1.6 * exp2(-quality / 8)
  }
}

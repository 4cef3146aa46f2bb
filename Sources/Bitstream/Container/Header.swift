/// What a `.gqz` file says of itself before the level map.
public struct Header: Sendable, Equatable {
  /// What the samples of a pixel mean.
  public enum ColorType: UInt8, Sendable, CaseIterable {
    /// Red, green, blue.
    case rgb = 0
    /// One grey component.
    case grey = 1
  }

  /// How latents became indices.
  public enum Quantizer: UInt8, Sendable, CaseIterable {
    /// GaussianQuant with a codebook of independent codewords.
    case block = 0
  }

  /// Pixels along each side of the square of one latent position.
  public static let stride = 16
  /// The tile size that files have unless made otherwise, as a power of two.
  public static let standardTileExponent = 4

  /// Pixels in a row.
  public let width: Int
  /// Rows.
  public let height: Int
  /// What the samples of a pixel mean.
  public let colorType: ColorType
  /// log2 of the positions along a tile's side, 0 to 15.
  public let tileExponent: Int
  /// How latents became indices.
  public let quantizer: Quantizer
  /// Bits of an index: log2 of the codebook size, 1 to 20.
  public let codebookBits: Int
  /// Seed of the codebook, below 2^63.
  public let codebookSeed: UInt64
  /// First 8 bytes of the SHA-256 of the weights file.
  public let modelIdentifier: [UInt8]

  /// A header; values outside the format's limits stop the program.
  public init(
    width: Int, height: Int, colorType: ColorType,
    tileExponent: Int = Header.standardTileExponent, quantizer: Quantizer = .block,
    codebookBits: Int, codebookSeed: UInt64, modelIdentifier: [UInt8]
  ) {
    precondition(width > 0 && height > 0 && (0...15).contains(tileExponent))
    precondition((1...20).contains(codebookBits) && codebookSeed < 1 << 63)
    precondition(modelIdentifier.count == 8)
    self.width = width
    self.height = height
    self.colorType = colorType
    self.tileExponent = tileExponent
    self.quantizer = quantizer
    self.codebookBits = codebookBits
    self.codebookSeed = codebookSeed
    self.modelIdentifier = modelIdentifier
  }

  /// Latent positions from left to right.
  public var columns: Int { (width + Self.stride - 1) / Self.stride }
  /// Latent positions from top to bottom.
  public var rows: Int { (height + Self.stride - 1) / Self.stride }

  /// The payload. Inverse: `init(parsing:limits:)`.
  var payload: [UInt8] {
    var bytes: [UInt8] = []
    bytes.appendVarint(UInt64(width))
    bytes.appendVarint(UInt64(height))
    bytes.append(UInt8(tileExponent) << 4 | colorType.rawValue)
    bytes.append(quantizer.rawValue << 5 | UInt8(codebookBits))
    bytes.appendVarint(codebookSeed)
    bytes += modelIdentifier
    return bytes
  }

  /// Reads the payload, which must end at `end`. Inverse of `payload`.
  init(
    parsing cursor: inout ByteCursor, end: Int, limits: DecodeLimits
  ) throws(BitstreamError) {
    let width = try cursor.size("width", limit: limits.maxDimension)
    let height = try cursor.size("height", limit: limits.maxDimension)
    guard width > 0, height > 0 else {
      throw .invalidValue(
        what: "picture size", offset: cursor.offset, found: "\(width) x \(height)",
        expected: "at least 1 x 1")
    }
    let (pixels, overflow) = width.multipliedReportingOverflow(by: height)
    guard !overflow, pixels <= limits.maxPixels else {
      throw .limitExceeded(
        what: "number of pixels", found: overflow ? Int.max : pixels, limit: limits.maxPixels)
    }
    let packed = try cursor.byte("colour type")
    guard let colorType = ColorType(rawValue: packed & 15) else {
      throw .invalidValue(
        what: "colour type", offset: cursor.offset - 1, found: "\(packed & 15)", expected: "0 or 1")
    }
    let codebook = try cursor.byte("quantizer")
    guard let quantizer = Quantizer(rawValue: codebook >> 5) else {
      throw .invalidValue(
        what: "quantizer", offset: cursor.offset - 1, found: "\(codebook >> 5)", expected: "0")
    }
    let bits = Int(codebook & 31)
    guard (1...20).contains(bits) else {
      throw .invalidValue(
        what: "codebook bits", offset: cursor.offset - 1, found: "\(bits)", expected: "1 to 20")
    }
    let seed = try cursor.varint("codebook seed")
    let identifier = Array(try cursor.slice(8, "model id"))
    guard cursor.offset == end else {
      throw .invalidValue(
        what: "header", offset: cursor.offset, found: "another length", expected: "its end here")
    }
    self.init(
      width: width, height: height, colorType: colorType, tileExponent: Int(packed >> 4),
      quantizer: quantizer, codebookBits: bits, codebookSeed: seed, modelIdentifier: identifier)
  }
}

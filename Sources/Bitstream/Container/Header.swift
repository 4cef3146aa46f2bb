/// What a `.gqz` file says of itself before the level map.
package struct Header: Sendable, Equatable {
  /// What the samples of a pixel mean.
  package enum ColorType: UInt8, Sendable, CaseIterable {
    /// Red, green, blue.
    case rgb = 0
    /// One grey component.
    case grey = 1
    /// Red, green, blue that are equal in every pixel: coded as `grey`.
    case neutral = 2

    /// Whether luma alone is coded.
    package var isGrey: Bool { self != .rgb }
  }

  /// Bits that a state of the quantizer's trellis can have.
  package static let stateBitCounts = 5...16
  /// Pixels along each side of the square of one latent position.
  package static let stride = 16
  /// The tile sizes that files may have, as powers of two: the bits of a tile are below 2^31.
  package static let tileExponents = 0...9
  /// The tile size that files have unless made otherwise, as a power of two.
  package static let standardTileExponent = 4

  /// What stands for a model's identifier where none is needed, all positions being graphics.
  package static let noModel = [UInt8](repeating: 0, count: 8)

  /// The most tunings of a model that files can name.
  package static let maximumTunings = 4

  /// Pixels in a row.
  package let width: Int
  /// Rows.
  package let height: Int
  /// What the samples of a pixel mean.
  package let colorType: ColorType
  /// Which of the model's tunings the picture was coded with, below `maximumTunings`.
  package let tuning: Int
  /// log2 of the positions along a tile's side, one of `tileExponents`.
  package let tileExponent: Int
  /// Bits of a state of the quantizer's trellis.
  package let stateBits: Int
  /// Seed of the quantizer's noise, below 2^63.
  package let seed: UInt64
  /// First 8 bytes of the SHA-256 of the weights file, or `noModel`.
  package let modelIdentifier: [UInt8]
  /// Whether a model decodes some of the picture; otherwise all positions are graphics.
  package var needsModel: Bool { modelIdentifier != Self.noModel }

  /// A header; values outside the format's limits stop the program.
  package init(
    width: Int, height: Int, colorType: ColorType, tuning: Int = 0,
    tileExponent: Int = Header.standardTileExponent, stateBits: Int,
    seed: UInt64, modelIdentifier: [UInt8]
  ) {
    precondition((0..<Self.maximumTunings).contains(tuning))
    precondition(width > 0 && height > 0 && Self.tileExponents.contains(tileExponent))
    precondition(Self.stateBitCounts.contains(stateBits) && seed < 1 << 63)
    precondition(modelIdentifier.count == 8)
    self.width = width
    self.height = height
    self.colorType = colorType
    self.tuning = tuning
    self.tileExponent = tileExponent
    self.stateBits = stateBits
    self.seed = seed
    self.modelIdentifier = modelIdentifier
  }

  /// The header of a picture that needs no model, whose fields for one have no meaning.
  package init(withoutModel colorType: ColorType, width: Int, height: Int) {
    self.init(
      width: width, height: height, colorType: colorType,
      stateBits: Self.stateBitCounts.lowerBound, seed: 0, modelIdentifier: Self.noModel)
  }

  /// Latent positions from left to right.
  package var columns: Int { (width + Self.stride - 1) / Self.stride }
  /// Latent positions from top to bottom.
  package var rows: Int { (height + Self.stride - 1) / Self.stride }

  /// Tiles of the picture.
  package var tileCount: Int {
    let side = 1 << tileExponent
    return ((columns + side - 1) / side) * ((rows + side - 1) / side)
  }

  /// The payload. Inverse: `init(parsing:limits:)`.
  var payload: [UInt8] {
    var bytes: [UInt8] = []
    bytes.appendVarint(UInt64(width))
    bytes.appendVarint(UInt64(height))
    bytes.append(UInt8(tileExponent) << 4 | UInt8(tuning) << 2 | colorType.rawValue)
    bytes.append(UInt8(stateBits))
    bytes.appendVarint(seed)
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
    try limits.check(width: width, height: height)
    let packed = try cursor.byte("colour type")
    guard let colorType = ColorType(rawValue: packed & 3) else {
      throw .invalidValue(
        what: "colour type", offset: cursor.offset - 1, found: "\(packed & 3)", expected: "0 to 2")
    }
    guard Self.tileExponents.contains(Int(packed >> 4)) else {
      throw .invalidValue(
        what: "tile size", offset: cursor.offset - 1, found: "2^\(packed >> 4)",
        expected: "2^0 to 2^\(Self.tileExponents.upperBound)")
    }
    let stateBits = Int(try cursor.byte("state bits"))
    guard Self.stateBitCounts.contains(stateBits) else {
      throw .invalidValue(
        what: "state bits", offset: cursor.offset - 1, found: "\(stateBits)", expected: "5 to 16")
    }
    let seed = try cursor.varint("seed")
    let identifier = Array(try cursor.slice(8, "model id"))
    guard cursor.offset == end else {
      throw .invalidValue(
        what: "header", offset: cursor.offset, found: "another length", expected: "its end here")
    }
    self.init(
      width: width, height: height, colorType: colorType, tuning: Int(packed >> 2 & 3),
      tileExponent: Int(packed >> 4), stateBits: stateBits, seed: seed, modelIdentifier: identifier)
    guard tileCount <= limits.maxTiles else {
      throw .limitExceeded(what: "number of tiles", found: tileCount, limit: limits.maxTiles)
    }
  }
}

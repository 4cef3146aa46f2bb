public import GQCodec

/// Reads PNG, JPEG, WebP, PGM and PPM files.
///
/// Sample values come out as stored: no gamma or profile is applied. A palette becomes RGB, grey stays grey, a
/// transparent colour becomes alpha, 16 bits are rounded to 8, CMYK becomes RGB, and the picture is turned as its
/// Exif orientation says, which then says "upright". Damaged files are refused: no pixel is ever made up.
public struct PictureReader: Sendable {
  /// The largest picture that is read.
  public var limits: PictureLimits
  /// Whether profile, Exif and XMP are read too.
  public var keepsMetadata: Bool
  /// Whether files are refused that cannot be taken over exactly.
  public var isStrict: Bool

  /// Makes a reader.
  public init(
    limits: PictureLimits = PictureLimits(), keepsMetadata: Bool = true, isStrict: Bool = false
  ) {
    self.limits = limits
    self.keepsMetadata = keepsMetadata
    self.isStrict = isStrict
  }

  /// Reads a whole file. ``PNGWriter`` is the inverse for PNG.
  public func read(_ bytes: [UInt8]) throws(PixelIOError) -> Picture {
    try open(bytes).picture
  }

  /// Reads a whole file and tells what could not be taken over.
  public func open(_ bytes: [UInt8]) throws(PixelIOError) -> PictureFile {
    let file =
      switch PictureFormat(signatureOf: bytes) {
      case .png: try readPNG(bytes, limits: limits, keepsMetadata: keepsMetadata)
      case .jpeg: try readJPEG(bytes, limits: limits, keepsMetadata: keepsMetadata)
      case .webp: try readWebP(bytes, limits: limits, keepsMetadata: keepsMetadata)
      case .netpbm: try readNetpbm(bytes, limits: limits)
      case nil: throw .unknownFormat(firstBytes: Array(bytes.prefix(8)))
      }
    if isStrict, let conversion = file.conversions.first {
      throw .notExact(file.format, conversion)
    }
    return file
  }
}

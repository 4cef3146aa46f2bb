package import GQCodec

/// Reads PNG, JPEG, WebP, PGM and PPM files.
///
/// Sample values come out as stored: no gamma or profile is applied. A palette becomes RGB, grey stays grey, a
/// transparent colour becomes alpha, 16 bits are rounded to 8, CMYK becomes RGB, and the picture is turned as its
/// Exif orientation says, which then says "upright". Files whose pixels are damaged are refused, unless they are asked for:
/// no pixel is ever made up in silence. What else is wrong with a file, or not kept of it, is told.
package struct PictureReader: Sendable {
  /// The largest picture that is read.
  package var limits: PictureLimits
  /// Whether profile, Exif and XMP are read too.
  package var keepsMetadata: Bool
  /// Whether files are refused that cannot be taken over exactly.
  package var isStrict: Bool
  /// Whether damaged files are read as far as they go, what is missing filled in.
  package var isPartial: Bool

  /// Makes a reader.
  package init(
    limits: PictureLimits = PictureLimits(), keepsMetadata: Bool = true, isStrict: Bool = false,
    isPartial: Bool = false
  ) {
    self.limits = limits
    self.keepsMetadata = keepsMetadata
    self.isStrict = isStrict
    self.isPartial = isPartial
  }

  /// Reads a whole file. ``PNGWriter`` is the inverse for PNG.
  package func read(_ bytes: [UInt8]) throws(PixelIOError) -> Picture {
    try open(bytes).picture
  }

  /// Reads a whole file and tells what could not be taken over.
  package func open(_ bytes: [UInt8]) throws(PixelIOError) -> PictureFile {
    let file =
      switch PictureFormat(signatureOf: bytes) {
      case .png: try readPNG(bytes, limits, keepsMetadata: keepsMetadata, isPartial: isPartial)
      case .jpeg: try readJPEG(bytes, limits, keepsMetadata: keepsMetadata, isPartial: isPartial)
      case .webp: try readWebP(bytes, limits: limits, keepsMetadata: keepsMetadata)
      case .netpbm: try readNetpbm(bytes, limits: limits)
      case nil:
        if let format = ForeignFormat(firstBytes: Array(bytes.prefix(1024))) {
          throw .foreignFormat(format)
        }
        throw .unknownFormat(firstBytes: Array(bytes.prefix(8)))
      }
    if isStrict, let conversion = file.conversions.first {
      throw .notExact(file.format, conversion)
    }
    return file
  }
}

public import Codec

/// Reads PNG and JPEG files.
///
/// Sample values come out as stored: no gamma or profile is applied. A palette becomes RGB, grey
/// stays grey, and the picture is turned as its Exif orientation says. What a ``Picture`` cannot
/// hold is refused, and so is a damaged file: no pixel is ever made up.
public struct PictureReader: Sendable {
  /// The largest picture that is read.
  public var limits: PictureLimits

  /// Makes a reader.
  public init(limits: PictureLimits = PictureLimits()) {
    self.limits = limits
  }

  /// Reads a whole file. ``PNGWriter`` is the inverse for PNG.
  public func read(_ bytes: [UInt8]) throws(PixelIOError) -> Picture {
    switch PictureFormat(signatureOf: bytes) {
    case .png: try readPNG(bytes, limits: limits)
    case .jpeg: try readJPEG(bytes, limits: limits)
    case nil: throw .unknownFormat(firstBytes: Array(bytes.prefix(8)))
    }
  }
}

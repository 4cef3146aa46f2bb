/// What a picture says of itself beside its pixels.
public struct PictureMetadata: Sendable, Equatable {
  /// An ICC profile: what the samples mean as colours. sRGB when there is none.
  public var iccProfile: [UInt8]?
  /// An Exif block: a TIFF structure, without the "Exif" in front that JPEG adds.
  public var exif: [UInt8]?
  /// An XMP packet, UTF-8.
  public var xmp: [UInt8]?

  /// Metadata; by default none.
  public init(iccProfile: [UInt8]? = nil, exif: [UInt8]? = nil, xmp: [UInt8]? = nil) {
    self.iccProfile = iccProfile
    self.exif = exif
    self.xmp = xmp
  }

  /// Whether there is nothing.
  public var isEmpty: Bool { iccProfile == nil && exif == nil && xmp == nil }
}

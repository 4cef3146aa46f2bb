package import GQCodec

/// Parts of metadata that can be left out.
package enum MetadataPart: String, Sendable, CaseIterable {
  /// The Exif block.
  case exif
  /// Where the picture was taken: the GPS part of Exif, and XMP that tells it.
  case gps
  /// The XMP packet.
  case xmp
  /// The ICC profile; the picture is then taken as sRGB.
  case icc
}

extension PictureMetadata {
  /// The same without some parts.
  package func without(_ parts: Set<MetadataPart>) -> PictureMetadata {
    var metadata = self
    if parts.contains(.icc) { metadata.iccProfile = nil }
    if parts.contains(.exif) { metadata.exif = nil }
    if parts.contains(.xmp) { metadata.xmp = nil }
    if parts.contains(.gps) {
      if let exif = metadata.exif {
        // What cannot be parsed may say it all the same.
        var block = ExifBlock(exif)
        metadata.exif = block?.removePlace() == true ? block?.bytes : nil
      }
      if let xmp = metadata.xmp, xmp.firstRange(of: Array("GPS".utf8)) != nil {
        metadata.xmp = nil
      }
    }
    return metadata
  }

  /// The same for a picture that was turned, cut or shrunk to this size: sizes in Exif are made right, its thumbnail is
  /// left out.
  package func describing(width: Int, height: Int) -> PictureMetadata {
    guard let exif, var block = ExifBlock(exif) else { return self }
    block.describe(width: width, height: height)
    var metadata = self
    metadata.exif = block.bytes
    return metadata
  }
}

internal import CPixelIO
public import Codec

/// Writes PNG files: RGB or grey, with alpha or without, 8 bits per sample, not interlaced.
public struct PNGWriter: Sendable {
  /// How hard to compress: 0 stores, 1 is fast, 9 is slow and small.
  public let compressionLevel: Int

  /// Makes a writer.
  ///
  /// A level outside 0...9 is a mistake of the caller and stops the program.
  public init(compressionLevel: Int = 6) {
    precondition((0...9).contains(compressionLevel), "compression levels are 0 to 9")
    self.compressionLevel = compressionLevel
  }

  /// Writes a whole file, with the picture's metadata. ``PictureReader/read(_:)`` is the inverse.
  public func write(_ picture: Picture) throws(PixelIOError) -> [UInt8] {
    try writeTelling(picture).bytes
  }

  /// Writes a whole file and tells what metadata PNG cannot hold: a profile that libpng finds invalid, XMP with
  /// zero bytes in it.
  func writeTelling(
    _ picture: Picture
  ) throws(PixelIOError) -> (bytes: [UInt8], conversions: [Conversion]) {
    guard let width = UInt32(exactly: picture.width), let height = UInt32(exactly: picture.height)
    else {
      throw .notWritable(.png, detail: "\(picture.width) x \(picture.height) pixels")
    }
    var conversions: [Conversion] = []
    let profile = picture.metadata.iccProfile ?? []
    let exif = picture.metadata.exif ?? []
    var xmp = picture.metadata.xmp ?? []
    if xmp.contains(0) {
      conversions.append(.leftOut(.xmp, reason: "it has zero bytes"))
      xmp = []
    }
    let xmpCount = xmp.count
    if xmpCount > 0 { xmp.append(0) }

    var isProfileWritten: CInt = 0
    let bytes = try withBytes(picture.samples) { (samples, _) throws(PixelIOError) in
      try collectBytes(.png) { buffer, message in
        withOptionalBytes(picture.alpha ?? []) { alpha in
          withOptionalBytes(profile) { profileStart in
            withOptionalBytes(exif) { exifStart in
              withOptionalBytes(xmp) { xmpStart in
                var metadata = gq_png_metadata(
                  icc: profileStart, icc_count: profile.count, exif: exifStart,
                  exif_count: exif.count, xmp: xmpStart, xmp_count: xmpCount, complaint: nil)
                return gq_png_write(
                  samples, alpha, width, height, CInt(picture.colorType.componentCount),
                  CInt(compressionLevel), &metadata, &isProfileWritten, &buffer, message)
              }
            }
          }
        }
      }
    }
    if !profile.isEmpty, isProfileWritten == 0 {
      conversions.append(.leftOut(.iccProfile, reason: "libpng finds it invalid for this picture"))
    }
    return (bytes, conversions)
  }
}

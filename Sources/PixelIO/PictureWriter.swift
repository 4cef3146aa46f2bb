public import Codec

/// Writes pictures in any of the known formats. Inverse: ``PictureReader``.
public struct PictureWriter: Sendable {
  /// What is written.
  public let format: PictureFormat
  /// How hard PNG compresses, 0 to 9.
  public let pngLevel: Int
  /// The libjpeg quality, 1 to 100. Colours are at full size (4:4:4) from 90 on.
  public let jpegQuality: Int

  /// Makes a writer; values out of range stop the program.
  public init(format: PictureFormat, pngLevel: Int = 3, jpegQuality: Int = 92) {
    precondition((0...9).contains(pngLevel) && (1...100).contains(jpegQuality))
    self.format = format
    self.pngLevel = pngLevel
    self.jpegQuality = jpegQuality
  }

  /// Writes a whole file, and tells what of the picture's metadata is not in it.
  ///
  /// - Throws: `PixelIOError.notWritable` when the format cannot hold the picture.
  public func write(
    _ picture: Picture
  ) throws(PixelIOError) -> (bytes: [UInt8], conversions: [Conversion]) {
    switch format {
    case .png:
      return try PNGWriter(compressionLevel: pngLevel).writeTelling(picture)
    case .jpeg:
      let writer = JPEGWriter(
        quality: jpegQuality, subsampling: jpegQuality >= 90 ? .full : .halved)
      return (try writer.write(picture), [])
    case .netpbm:
      let kinds: [(Conversion.Metadata, Bool)] = [
        (.iccProfile, picture.metadata.iccProfile != nil), (.exif, picture.metadata.exif != nil),
        (.xmp, picture.metadata.xmp != nil),
      ]
      return (
        try NetpbmWriter().write(picture),
        kinds.filter(\.1).map { .leftOut($0.0, reason: "PPM has no place for it") }
      )
    }
  }
}

package import GQCodec

/// Writes pictures in any of the known formats. Inverse: ``PictureReader``.
package struct PictureWriter: Sendable {
  /// What is written.
  package let format: PictureFormat
  /// How hard PNG compresses, 0 to 9.
  package let pngLevel: Int
  /// The libjpeg quality, 1 to 100. Colours are at full size (4:4:4) from 90 on.
  package let jpegQuality: Int
  /// The libwebp quality, 0 to 100; nil is without loss.
  package let webpQuality: Int?

  /// Makes a writer; values out of range stop the program.
  package init(
    format: PictureFormat, pngLevel: Int = 3, jpegQuality: Int = 92, webpQuality: Int? = nil
  ) {
    precondition((0...9).contains(pngLevel) && (1...100).contains(jpegQuality))
    precondition((0...100).contains(webpQuality ?? 0))
    self.format = format
    self.pngLevel = pngLevel
    self.jpegQuality = jpegQuality
    self.webpQuality = webpQuality
  }

  /// Writes a whole file, and tells what of the picture's metadata is not in it.
  ///
  /// - Throws: `PixelIOError.notWritable` when the format cannot hold the picture.
  package func write(
    _ picture: Picture
  ) throws(PixelIOError) -> (bytes: [UInt8], conversions: [Conversion]) {
    let writer = try rows(RowFormat(picture))
    var bytes: [UInt8] = []
    try picture.forEachInterleaved { samples throws(PixelIOError) in
      bytes += try writer.write(samples)
    }
    let (end, conversions) = try writer.finish()
    return (bytes + end, conversions)
  }

  /// A writer of a file whose rows are still to come.
  ///
  /// JPEG files are progressive up to 2^25 pixels; larger ones are not buffered and so are neither progressive nor
  /// optimised. WebP files are buffered in memory as a whole.
  ///
  /// - Throws: as `write(_:)`.
  package func rows(_ rowFormat: RowFormat) throws(PixelIOError) -> any RowWriter {
    switch format {
    case .png:
      return try PNGWriter(compressionLevel: pngLevel).rows(rowFormat)
    case .jpeg:
      let isHeld = rowFormat.width <= (1 << 25) / rowFormat.height
      return try JPEGWriter(
        quality: jpegQuality, isOptimized: isHeld, isProgressive: isHeld,
        subsampling: jpegQuality >= 90 ? .full : .halved
      ).rows(rowFormat)
    case .webp:
      return try WebPWriter(quality: webpQuality).rows(rowFormat)
    case .netpbm:
      return try NetpbmWriter().rows(rowFormat)
    }
  }
}

public import GQCodec

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
  /// JPEG files are progressive up to 2^25 pixels; larger ones are not held in memory and so are neither progressive nor
  /// optimised.
  ///
  /// - Throws: as `write(_:)`.
  public func rows(_ rowFormat: RowFormat) throws(PixelIOError) -> any RowWriter {
    switch format {
    case .png:
      return try PNGWriter(compressionLevel: pngLevel).rows(rowFormat)
    case .jpeg:
      let isHeld = rowFormat.width <= (1 << 25) / rowFormat.height
      return try JPEGWriter(
        quality: jpegQuality, isOptimized: isHeld, isProgressive: isHeld,
        subsampling: jpegQuality >= 90 ? .full : .halved
      ).rows(rowFormat)
    case .netpbm:
      return try NetpbmWriter().rows(rowFormat)
    }
  }
}

internal import CPixelIO
public import Codec

/// Writes PNG files: RGB or grey with 8 bits per sample, not interlaced.
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

  /// Writes a whole file. ``PictureReader/read(_:)`` is the inverse.
  public func write(_ picture: Picture) throws(PixelIOError) -> [UInt8] {
    guard let width = UInt32(exactly: picture.width), let height = UInt32(exactly: picture.height)
    else {
      throw .notWritable(.png, detail: "\(picture.width) x \(picture.height) pixels")
    }
    return try withBytes(picture.samples) { (samples, _) throws(PixelIOError) in
      try collectBytes(.png) { buffer, message in
        gq_png_write(
          samples, width, height, CInt(picture.colorType.componentCount), CInt(compressionLevel),
          &buffer, message)
      }
    }
  }
}

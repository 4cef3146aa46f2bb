internal import CPixelIO
public import Codec

/// Writes JPEG files, with the picture's metadata.
public struct JPEGWriter: Sendable {
  /// The name and version of the library that does the work.
  public static var libraryVersion: String { String(cString: gq_jpeg_library_version()) }

  /// The libjpeg quality, 1 to 100.
  public let quality: Int
  /// Whether the Huffman tables are fitted to the picture.
  public let optimized: Bool
  /// Whether the picture comes in scans of rising detail, which is also smaller.
  public let progressive: Bool
  /// How the two colour components are stored.
  public let subsampling: Subsampling

  /// How the two colour components are stored.
  public enum Subsampling: Sendable, CaseIterable {
    /// At half the width and half the height (4:2:0).
    case halved
    /// At full size (4:4:4).
    case full
  }

  /// Makes a writer.
  ///
  /// A quality outside 1...100 is a mistake of the caller and stops the program.
  public init(
    quality: Int, optimized: Bool = true, progressive: Bool = true,
    subsampling: Subsampling = .halved
  ) {
    precondition((1...100).contains(quality), "JPEG qualities are 1 to 100")
    self.quality = quality
    self.optimized = optimized
    self.progressive = progressive
    self.subsampling = subsampling
  }

  /// Writes a whole file. ``PictureReader/read(_:)`` reads it back, less what JPEG loses.
  ///
  /// - Throws: `PixelIOError.notWritable` for a picture with alpha, and for metadata too large for segments.
  public func write(_ picture: Picture) throws(PixelIOError) -> [UInt8] {
    guard let width = UInt32(exactly: picture.width), let height = UInt32(exactly: picture.height)
    else {
      throw .notWritable(.jpeg, detail: "\(picture.width) x \(picture.height) pixels")
    }
    if picture.alpha != nil { throw .notWritable(.jpeg, detail: "it has alpha") }
    let segments = try metadataSegments(picture.metadata)
    return try withBytes(picture.samples) { (samples, _) throws(PixelIOError) in
      try collectBytes(.jpeg) { buffer, message in
        withOptionalBytes(segments) { segmentStart in
          gq_jpeg_write(
            samples, width, height, CInt(picture.colorType.componentCount), CInt(quality),
            optimized ? 1 : 0, progressive ? 1 : 0, subsampling == .halved ? 1 : 0, segmentStart,
            segments.count, &buffer, message)
        }
      }
    }
  }
}

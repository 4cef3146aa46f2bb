internal import CGQPixelIO
package import GQCodec

/// Writes JPEG files, with the picture's metadata.
package struct JPEGWriter: Sendable {
  /// The name and version of the library that does the work.
  package static var libraryVersion: String { String(cString: gq_jpeg_library_version()) }

  /// The libjpeg quality, 1 to 100.
  package let quality: Int
  /// Whether the Huffman tables are fitted to the picture.
  package let isOptimized: Bool
  /// Whether the picture comes in scans of rising detail, which is also smaller.
  package let isProgressive: Bool
  /// How the two colour components are stored.
  package let subsampling: Subsampling

  /// How the two colour components are stored.
  package enum Subsampling: Sendable, CaseIterable {
    /// At half the width and half the height (4:2:0).
    case halved
    /// At full size (4:4:4).
    case full
  }

  /// Makes a writer.
  ///
  /// A quality outside 1...100 is a mistake of the caller and stops the program.
  package init(
    quality: Int, isOptimized: Bool = true, isProgressive: Bool = true,
    subsampling: Subsampling = .halved
  ) {
    precondition((1...100).contains(quality), "JPEG qualities are 1 to 100")
    self.quality = quality
    self.isOptimized = isOptimized
    self.isProgressive = isProgressive
    self.subsampling = subsampling
  }

  /// Writes a whole file. ``PictureReader/read(_:)`` reads it back, less what JPEG loses.
  ///
  /// - Throws: `PixelIOError.notWritable` for a picture with alpha, and for metadata too large for segments.
  package func write(_ picture: Picture) throws(PixelIOError) -> [UInt8] {
    let writer = try rows(RowFormat(picture))
    return try writer.write(picture.samples) + writer.finish().bytes
  }

  /// A writer of a file whose rows are still to come.
  ///
  /// - Throws: as `write(_:)`.
  package func rows(_ format: RowFormat) throws(PixelIOError) -> any RowWriter {
    try Rows(format, self)
  }

  private final class Rows: RowWriter {
    private let format: RowFormat
    private let writer: OpaquePointer

    init(_ format: RowFormat, _ settings: JPEGWriter) throws(PixelIOError) {
      let size = try format.size(.jpeg)
      if format.hasAlpha { throw .notWritable(.jpeg, detail: "it has alpha") }
      let segments = try metadataSegments(format.metadata)
      var text = [CChar](repeating: 0, count: Int(GQ_MESSAGE_SIZE))
      guard
        let writer = gq_jpeg_writer_create(
          size.width, size.height, CInt(format.channels), &text)
      else { throw .outOfMemory(.jpeg) }
      self.format = format
      self.writer = writer
      try checkWriting(.jpeg) { message in
        withOptionalBytes(segments) { start in
          gq_jpeg_write_header(
            writer, CInt(settings.quality), settings.isOptimized ? 1 : 0,
            settings.isProgressive ? 1 : 0, settings.subsampling == .halved ? 1 : 0, start,
            segments.count, message)
        }
      }
    }

    deinit { gq_jpeg_writer_destroy(writer) }

    func write(_ samples: [UInt8]) throws(PixelIOError) -> [UInt8] {
      try checkWriting(.jpeg) { message in
        gq_jpeg_write_rows(writer, samples, format.rows(samples), message)
      }
      return takeBytes(gq_jpeg_writer_buffer(writer))
    }

    func finish() throws(PixelIOError) -> (bytes: [UInt8], conversions: [Conversion]) {
      try checkWriting(.jpeg) { message in gq_jpeg_write_end(writer, message) }
      return (takeBytes(gq_jpeg_writer_buffer(writer)), [])
    }
  }
}

internal import CGQPixelIO
package import GQCodec

/// Writes WebP files, with the picture's metadata. Grey is written as equal red, green and blue.
package struct WebPWriter: Sendable {
  /// The libwebp quality, 0 to 100; nil is without loss.
  package let quality: Int?

  /// Makes a writer; a quality out of range stops the program.
  package init(quality: Int? = nil) {
    precondition((0...100).contains(quality ?? 0), "WebP qualities are 0 to 100")
    self.quality = quality
  }

  /// Writes a whole file. ``PictureReader/read(_:)`` reads it back.
  ///
  /// - Throws: `PixelIOError.notWritable` for a picture of more than 16383 pixels a side.
  package func write(_ picture: Picture) throws(PixelIOError) -> [UInt8] {
    let writer = try rows(RowFormat(picture))
    try picture.forEachInterleaved { samples throws(PixelIOError) in
      _ = try writer.write(samples)
    }
    return try writer.finish().bytes
  }

  /// A writer of a file whose rows are still to come; it buffers them all.
  ///
  /// - Throws: as `write(_:)`.
  package func rows(_ format: RowFormat) throws(PixelIOError) -> any RowWriter {
    guard max(format.width, format.height) <= 16383 else {
      throw .notWritable(.webp, detail: "more than 16383 pixels a side")
    }
    return Rows(format, quality)
  }

  private final class Rows: RowWriter {
    private let format: RowFormat
    private let quality: Int?
    private var samples: [UInt8] = []

    init(_ format: RowFormat, _ quality: Int?) {
      self.format = format
      self.quality = quality
    }

    func write(_ samples: [UInt8]) throws(PixelIOError) -> [UInt8] {
      guard format.colorType == .grey else {
        self.samples += samples
        return []
      }
      for pixel in stride(from: 0, to: samples.count, by: format.channels) {
        self.samples += [samples[pixel], samples[pixel], samples[pixel]]
        if format.hasAlpha { self.samples.append(samples[pixel + 1]) }
      }
      return []
    }

    func finish() throws(PixelIOError) -> (bytes: [UInt8], conversions: [Conversion]) {
      let size = try format.size(.webp)
      let metadata = format.metadata
      var buffer = gq_buffer()
      defer { gq_buffer_free(&buffer) }
      try checkWriting(.webp) { message in
        withOptionalBytes(metadata.iccProfile ?? []) { icc in
          withOptionalBytes(metadata.exif ?? []) { exif in
            withOptionalBytes(metadata.xmp ?? []) { xmp in
              var parts = gq_webp_metadata(
                icc: gq_webp_part(bytes: icc, count: metadata.iccProfile?.count ?? 0),
                exif: gq_webp_part(bytes: exif, count: metadata.exif?.count ?? 0),
                xmp: gq_webp_part(bytes: xmp, count: metadata.xmp?.count ?? 0))
              return gq_webp_write(
                samples, size.width, size.height, format.hasAlpha ? 4 : 3, CInt(quality ?? -1),
                &parts, &buffer, message)
            }
          }
        }
      }
      return (takeBytes(&buffer), [])
    }
  }
}

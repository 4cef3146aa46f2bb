internal import CGQPixelIO
package import GQCodec

/// Writes PNG files: RGB or grey, with alpha or without, 8 bits per sample, not interlaced.
package struct PNGWriter: Sendable {
  /// How hard to compress: 0 stores, 1 is fast, 9 is slow and small.
  package let compressionLevel: Int

  /// Makes a writer.
  ///
  /// A level outside 0...9 is a mistake of the caller and stops the program.
  package init(compressionLevel: Int = 6) {
    precondition((0...9).contains(compressionLevel), "compression levels are 0 to 9")
    self.compressionLevel = compressionLevel
  }

  /// Writes a whole file, with the picture's metadata. ``PictureReader/read(_:)`` is the inverse.
  package func write(_ picture: Picture) throws(PixelIOError) -> [UInt8] {
    try writeTelling(picture).bytes
  }

  /// Writes a whole file and tells what metadata PNG cannot hold: a profile that libpng finds invalid, XMP with
  /// zero bytes in it.
  func writeTelling(
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
  package func rows(_ format: RowFormat) throws(PixelIOError) -> any RowWriter {
    try Rows(format, compressionLevel: compressionLevel)
  }

  private final class Rows: RowWriter {
    private let format: RowFormat
    private let writer: OpaquePointer
    private var conversions: [Conversion] = []

    init(_ format: RowFormat, compressionLevel: Int) throws(PixelIOError) {
      let size = try format.size(.png)
      var text = [CChar](repeating: 0, count: Int(GQ_MESSAGE_SIZE))
      guard
        let writer = gq_png_writer_create(
          size.width, size.height, CInt(format.channels), CInt(compressionLevel), &text)
      else { throw .outOfMemory(.png) }
      self.format = format
      self.writer = writer
      try writeHeader()
    }

    deinit { gq_png_writer_destroy(writer) }

    private func writeHeader() throws(PixelIOError) {
      var profile = format.metadata.iccProfile ?? []
      // Some programs write the rendering intent with its bytes swapped, for which libpng refuses the profile.
      if profile.count >= 128, profile[65...67] == [0, 0, 0], (1...3).contains(profile[64]) {
        profile.swapAt(64, 67)
      }
      let exif = format.metadata.exif ?? []
      var xmp = format.metadata.xmp ?? []
      if xmp.contains(0) {
        conversions.append(.leftOut(.xmp, reason: "it has zero bytes"))
        xmp = []
      }
      let xmpCount = xmp.count
      if xmpCount > 0 { xmp.append(0) }
      let cicp = ColourSpace.cicp(ofProfile: profile) ?? []
      var isProfileWritten: CInt = 0
      try checkWriting(.png) { message in
        withOptionalBytes(profile) { profileStart in
          withOptionalBytes(exif) { exifStart in
            withOptionalBytes(xmp) { xmpStart in
              withOptionalBytes(cicp) { cicpStart in
                var metadata = gq_png_metadata(
                  icc: profileStart, icc_count: profile.count, exif: exifStart,
                  exif_count: exif.count, xmp: xmpStart, xmp_count: xmpCount, complaint: nil,
                  cicp: cicpStart)
                return gq_png_write_header(writer, &metadata, &isProfileWritten, message)
              }
            }
          }
        }
      }
      if !profile.isEmpty, isProfileWritten == 0 {
        conversions.append(
          .leftOut(.iccProfile, reason: "libpng finds it invalid for this picture"))
      }
    }

    func write(_ samples: [UInt8]) throws(PixelIOError) -> [UInt8] {
      try checkWriting(.png) { message in
        gq_png_write_rows(writer, samples, format.rows(samples), message)
      }
      return takeBytes(gq_png_writer_buffer(writer))
    }

    func finish() throws(PixelIOError) -> (bytes: [UInt8], conversions: [Conversion]) {
      try checkWriting(.png) { message in gq_png_write_end(writer, message) }
      return (takeBytes(gq_png_writer_buffer(writer)), conversions)
    }
  }
}

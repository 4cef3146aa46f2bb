package import GQCodec

/// Writes raw PGM files of grey pictures and raw PPM files of others.
package struct NetpbmWriter: Sendable {
  /// Makes a writer.
  package init() {}

  /// Writes a whole file, without metadata, for which there is no place. ``PictureReader/read(_:)`` is the
  /// inverse.
  ///
  /// - Throws: `PixelIOError.notWritable` for a picture with alpha.
  package func write(_ picture: Picture) throws(PixelIOError) -> [UInt8] {
    try rows(RowFormat(picture)).write(picture.samples)
  }

  /// A writer of a file whose rows are still to come.
  ///
  /// - Throws: as `write(_:)`.
  package func rows(_ format: RowFormat) throws(PixelIOError) -> any RowWriter {
    if format.hasAlpha { throw .notWritable(.netpbm, detail: "it has alpha") }
    return Rows(format)
  }

  private final class Rows: RowWriter {
    private let format: RowFormat
    private var isHeaderWritten = false

    init(_ format: RowFormat) { self.format = format }

    func write(_ samples: [UInt8]) -> [UInt8] {
      if isHeaderWritten { return samples }
      isHeaderWritten = true
      let kind = format.colorType == .grey ? "P5" : "P6"
      return Array("\(kind)\n\(format.width) \(format.height)\n255\n".utf8) + samples
    }

    func finish() -> (bytes: [UInt8], conversions: [Conversion]) {
      let metadata = format.metadata
      let kinds: [(Conversion.Metadata, Bool)] = [
        (.iccProfile, metadata.iccProfile != nil), (.exif, metadata.exif != nil),
        (.xmp, metadata.xmp != nil),
      ]
      return (
        [], kinds.filter(\.1).map { .leftOut($0.0, reason: "PPM has no place for it") }
      )
    }
  }
}

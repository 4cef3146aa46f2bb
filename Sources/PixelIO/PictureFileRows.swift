package import GQCodec
internal import Synchronization

/// A picture file whose rows are read from top to bottom, as often as asked, without holding the picture in memory.
/// ``PictureReader/rows(_:maxBytes:leastPixels:)`` makes it; the counterpart of ``RowWriter``.
package struct PictureFileRows: PictureSource, Sendable {
  /// Pixels in a row.
  package let width: Int
  /// Rows.
  package let height: Int
  /// What the samples of one pixel mean.
  package let colorType: Picture.ColorType
  /// What the picture says of itself beside its pixels.
  package let metadata: PictureMetadata
  /// The format it comes in.
  package let format: PictureFormat
  /// What is not as in the file; empty when everything is. What is known only behind the last row is here once all rows
  /// were read.
  package var conversions: [Conversion] { known + (late?.found ?? []) }

  private let known: [Conversion]
  private let late: LateConversions?

  /// Starts at the top: a call that fills memory with so many rows, to be called until all are read, and one that reads
  /// what is behind them.
  let start: @Sendable () throws -> RowReading

  init(
    width: Int, height: Int, colorType: Picture.ColorType, metadata: PictureMetadata,
    format: PictureFormat, conversions: [Conversion], late: LateConversions? = nil,
    start: @escaping @Sendable () throws -> RowReading
  ) {
    self.width = width
    self.height = height
    self.colorType = colorType
    self.metadata = metadata
    self.format = format
    known = conversions
    self.late = late
    self.start = start
  }

  /// The same with other metadata.
  package func with(metadata: PictureMetadata) -> PictureFileRows {
    PictureFileRows(
      width: width, height: height, colorType: colorType, metadata: metadata, format: format,
      conversions: known, late: late, start: start)
  }

  /// See `PictureSource`.
  package func forEachRows(_ count: Int, _ body: ([UInt8]) throws -> Void) throws {
    let reading = try start()
    let rowBytes = width * colorType.componentCount
    for first in stride(from: 0, to: height, by: max(1, count)) {
      let rows = min(max(1, count), height - first)
      try body(
        makeSamples(format, count: rows * rowBytes) { samples throws(PixelIOError) in
          try reading.read(samples, rows)
        })
    }
    try reading.finish()
  }
}

/// What is found out about a file while its rows are read.
final class LateConversions: Sendable {
  private let state = Mutex<[Conversion]>([])

  var found: [Conversion] { state.withLock { $0 } }

  func set(_ conversions: [Conversion]) { state.withLock { $0 = conversions } }
}

/// An iterator over the rows of a file.
struct RowReading {
  /// Reads the next rows.
  let read: (_ samples: UnsafeMutablePointer<UInt8>, _ rows: Int) throws(PixelIOError) -> Void
  /// Reads what stands behind the last row.
  let finish: () throws(PixelIOError) -> Void
}

extension PictureReader {
  /// Pixels from which on `rows` deals out rows.
  package static let leastPixelsForRows = 1 << 23

  /// The rows of a large picture file, nil for a picture that must be in memory anyway, or may well be: one of less
  /// than `leastPixels`, one with alpha, with another orientation than upright, interlaced, or from something that is no
  /// file.
  ///
  /// PNG and PPM are read from the file as rows are asked for, which must not change meanwhile; of a JPEG file the
  /// compressed bytes are buffered, and all coefficients of a progressive one.
  ///
  /// - Parameters:
  ///   - path: the file.
  ///   - maxBytes: the largest file that is read.
  ///   - leastPixels: the smallest picture whose rows are streamed.
  package func rows(
    _ path: String, maxBytes: Int, leastPixels: Int = PictureReader.leastPixelsForRows
  ) throws -> PictureFileRows? {
    guard path != "-", !isPartial, let file = try OpenFile(path, maxBytes: maxBytes) else {
      return nil
    }
    let rows: PictureFileRows? =
      switch PictureFormat(signatureOf: try file.bytes(at: 0, count: 8)) {
      case .png: try pngRows(file, limits, keepsMetadata: keepsMetadata, leastPixels)
      case .jpeg:
        try jpegRows(
          file, limits, keepsMetadata: keepsMetadata, isStrict: isStrict, leastPixels)
      case .netpbm: try netpbmRows(file, limits, leastPixels)
      case .webp, nil: nil
      }
    if isStrict, let rows, let conversion = rows.conversions.first {
      throw PixelIOError.notExact(rows.format, conversion)
    }
    return rows
  }
}

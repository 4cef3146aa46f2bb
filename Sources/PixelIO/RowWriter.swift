internal import CGQPixelIO
package import GQCodec

/// Writes a picture file whose rows come from top to bottom. The counterpart of ``PictureFileRows``.
package protocol RowWriter: AnyObject {
  /// Takes samples of whole rows, with alpha behind the colour of each pixel where there is one, and gives the bytes
  /// that are ready.
  func write(_ samples: [UInt8]) throws(PixelIOError) -> [UInt8]

  /// The rest of the file, once all rows have come, and what of the picture's metadata is not in it.
  func finish() throws(PixelIOError) -> (bytes: [UInt8], conversions: [Conversion])
}

/// What a file is to be made of, but for its pixels.
package struct RowFormat: Sendable {
  /// Pixels in a row, at least 1.
  package let width: Int
  /// Rows, at least 1.
  package let height: Int
  /// What the colour samples of one pixel mean.
  package let colorType: Picture.ColorType
  /// Whether each pixel has alpha.
  package let hasAlpha: Bool
  /// What the picture says of itself beside its pixels.
  package let metadata: PictureMetadata

  /// A format.
  package init(
    width: Int, height: Int, colorType: Picture.ColorType, hasAlpha: Bool = false,
    metadata: PictureMetadata = PictureMetadata()
  ) {
    self.width = width
    self.height = height
    self.colorType = colorType
    self.hasAlpha = hasAlpha
    self.metadata = metadata
  }

  /// The same with other metadata, if any is given.
  package func with(metadata: PictureMetadata?) -> RowFormat {
    RowFormat(
      width: width, height: height, colorType: colorType, hasAlpha: hasAlpha,
      metadata: metadata ?? self.metadata)
  }

  /// That of a picture.
  package init(_ picture: Picture) {
    self.init(
      width: picture.width, height: picture.height, colorType: picture.colorType,
      hasAlpha: picture.alpha != nil, metadata: picture.metadata)
  }

  var channels: Int { colorType.componentCount + (hasAlpha ? 1 : 0) }

  /// Rows that so many samples make.
  func rows(_ samples: [UInt8]) -> UInt32 { UInt32(samples.count / (width * channels)) }

  /// Width and height as C has them.
  func size(_ format: PictureFormat) throws(PixelIOError) -> (width: UInt32, height: UInt32) {
    guard let width = UInt32(exactly: width), let height = UInt32(exactly: height) else {
      throw .notWritable(format, detail: "\(self.width) x \(self.height) pixels")
    }
    return (width, height)
  }
}

/// Runs one call of a writer of the C layer.
func checkWriting(
  _ format: PictureFormat, _ call: (_ message: UnsafeMutablePointer<CChar>) -> CInt
) throws(PixelIOError) {
  do throws(PixelIOError) {
    try check(format, call)
  } catch {
    switch error {
    case .damaged(let format, let detail), .unsupported(let format, .other(let detail)):
      throw .notWritable(format, detail: detail)
    default:
      throw error
    }
  }
}

/// The bytes that a writer of the C layer has ready.
func takeBytes(_ buffer: UnsafeMutablePointer<gq_buffer>) -> [UInt8] {
  defer { buffer.pointee.count = 0 }
  return Array(UnsafeBufferPointer(start: buffer.pointee.bytes, count: buffer.pointee.count))
}

extension Picture {
  /// Calls `body` with the samples of some rows at a time, alpha behind the colour of each pixel.
  package func forEachInterleaved<Failure>(
    _ body: (_ samples: [UInt8]) throws(Failure) -> Void
  ) throws(Failure) {
    guard let alpha else { return try body(samples) }
    let components = colorType.componentCount
    for row in 0..<height {
      var line: [UInt8] = []
      line.reserveCapacity(width * (components + 1))
      for pixel in row * width..<(row + 1) * width {
        line += samples[pixel * components..<(pixel + 1) * components]
        line.append(alpha[pixel])
      }
      try body(line)
    }
  }
}

internal import CGQPixelIO
internal import GQCodec

/// Reads a PNG file: header, checks, rows, metadata. ``PNGWriter`` is the inverse.
func readPNG(
  _ bytes: [UInt8], limits: PictureLimits, keepsMetadata: Bool
) throws(PixelIOError) -> PictureFile {
  try withBytes(bytes) { (start, count) throws(PixelIOError) in
    let file = try PNGFile(start, count, limits, keepsMetadata: keepsMetadata)
    let rowBytes = file.width * file.channels
    let samples = try makeSamples(.png, count: file.height * rowBytes) {
      samples throws(PixelIOError) in
      try check(.png) { message in gq_png_read_rows(file.pointer, samples, rowBytes, message) }
    }
    let (metadata, orientation, conversions) = try file.metadata(limits)
    let picture = Picture(
      width: file.width, height: file.height, colorType: file.colorType, interleaved: samples,
      hasAlpha: file.header.has_alpha != 0, metadata: metadata)
    return PictureFile(
      picture: orientation.applied(to: picture), format: .png, conversions: conversions)
  }
}

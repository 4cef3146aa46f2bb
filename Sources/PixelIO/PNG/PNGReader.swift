internal import CGQPixelIO
internal import GQCodec

/// Reads a PNG file: header, checks, rows, metadata. ``PNGWriter`` is the inverse.
func readPNG(
  _ bytes: [UInt8], _ limits: PictureLimits, keepsMetadata: Bool, isPartial: Bool
) throws(PixelIOError) -> PictureFile {
  try withBytes(bytes) { (start, count) throws(PixelIOError) in
    let file = try PNGFile(start, count, limits, keepsMetadata: keepsMetadata, isPartial: isPartial)
    let rowBytes = file.width * file.channels
    var damage: String?
    let samples = try makeSamples(.png, count: file.height * rowBytes) {
      samples throws(PixelIOError) in
      if isPartial { samples.update(repeating: 128, count: file.height * rowBytes) }
      do throws(PixelIOError) {
        try check(.png) { message in gq_png_read_rows(file.pointer, samples, rowBytes, message) }
      } catch {
        guard isPartial, let detail = error.damageDetail else { throw error }
        damage = detail
      }
    }
    var (metadata, orientation, conversions) = try file.metadata(limits)
    if isPartial, let damage = damage ?? file.damage { conversions.append(.incomplete(damage)) }
    let picture = Picture(
      width: file.width, height: file.height, colorType: file.colorType, interleaved: samples,
      hasAlpha: file.header.has_alpha != 0, metadata: metadata)
    return PictureFile(
      picture: orientation.applied(to: picture), format: .png, conversions: conversions)
  }
}

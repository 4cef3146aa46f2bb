internal import CGQPixelIO
internal import GQCodec

/// Reads a WebP file: header, checks, pixels, metadata. ``WebPWriter`` is the inverse.
func readWebP(
  _ bytes: [UInt8], limits: PictureLimits, keepsMetadata: Bool
) throws(PixelIOError) -> PictureFile {
  try withBytes(bytes) { (start, count) throws(PixelIOError) in
    var header = gq_webp_header()
    try check(.webp) { message in gq_webp_read_header(start, count, &header, message) }
    let (width, height) = (Int(header.width), Int(header.height))
    try limits.check(width: width, height: height)
    var metadata = PictureMetadata()
    if keepsMetadata {
      var parts = gq_webp_metadata()
      if gq_webp_read_metadata(start, count, &parts) != 0 {
        metadata.iccProfile = try copied(parts.icc, .iccProfile, limits)
        metadata.exif = try copied(parts.exif, .exif, limits)
        metadata.xmp = try copied(parts.xmp, .xmp, limits)
      }
    }
    let hasAlpha = header.has_alpha != 0
    let samples = try makeSamples(.webp, count: width * height * (hasAlpha ? 4 : 3)) {
      samples throws(PixelIOError) in
      try check(.webp) { message in gq_webp_read(start, count, &header, samples, message) }
    }
    let picture = Picture(
      width: width, height: height, colorType: .rgb, interleaved: samples, hasAlpha: hasAlpha,
      metadata: metadata)
    let orientation = metadata.exif.flatMap { ExifOrientation(tiff: $0) } ?? .upright
    return PictureFile(
      picture: orientation.applied(to: picture), format: .webp, conversions: [])
  }
}

/// A copy of a part of the metadata.
private func copied(
  _ part: gq_webp_part, _ kind: Conversion.Metadata, _ limits: PictureLimits
) throws(PixelIOError) -> [UInt8]? {
  guard let start = part.bytes else { return nil }
  try limits.check(kind, byteCount: part.count)
  var bytes = Array(UnsafeBufferPointer(start: start, count: part.count))
  // Some writers put JPEG's mark in front.
  let mark = Array("Exif\0\0".utf8)
  if kind == .exif, bytes.starts(with: mark) { bytes.removeFirst(mark.count) }
  return bytes
}

internal import GQCodec

/// Reads a JPEG file: header, checks, rows, metadata. ``JPEGWriter`` goes the other way.
func readJPEG(
  _ bytes: [UInt8], _ limits: PictureLimits, keepsMetadata: Bool, isPartial: Bool
) throws(PixelIOError) -> PictureFile {
  let orientation = ExifOrientation(jpeg: bytes) ?? .upright
  let file = try JPEGFile(bytes, limits, isPartial: isPartial)
  var (metadata, conversions) = try file.metadata(limits, isKept: keepsMetadata)
  let samples = try makeSamples(
    .jpeg, count: file.height * file.width * file.colorType.componentCount
  ) { samples throws(PixelIOError) in
    try file.start()
    var rows = 0
    do throws(PixelIOError) {
      while rows < file.height {
        try file.read(samples + rows * file.rowBytes, 1)
        rows += 1
      }
      conversions += try file.finish()
    } catch {
      guard isPartial, let detail = error.damageDetail else { throw error }
      (samples + rows * file.rowBytes).update(
        repeating: 128, count: (file.height - rows) * file.rowBytes)
      conversions.append(.incomplete(detail))
    }
  }
  let picture = Picture(
    width: file.width, height: file.height, colorType: file.colorType, samples: samples,
    metadata: metadata)
  return PictureFile(
    picture: orientation.applied(to: picture), format: .jpeg, conversions: conversions)
}

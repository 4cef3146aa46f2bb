internal import GQCodec

/// Reads a JPEG file: header, checks, rows, metadata. ``JPEGWriter`` goes the other way.
func readJPEG(
  _ bytes: [UInt8], limits: PictureLimits, keepsMetadata: Bool
) throws(PixelIOError) -> PictureFile {
  let orientation = ExifOrientation(jpeg: bytes) ?? .upright
  let file = try JPEGFile(bytes, limits)
  let (metadata, conversions) = try file.metadata(limits, isKept: keepsMetadata)
  let samples = try makeSamples(
    .jpeg, count: file.height * file.width * file.colorType.componentCount
  ) { samples throws(PixelIOError) in
    try file.start()
    try file.read(samples, file.height)
    try file.finish()
  }
  let picture = Picture(
    width: file.width, height: file.height, colorType: file.colorType, samples: samples,
    metadata: metadata)
  return PictureFile(
    picture: orientation.applied(to: picture), format: .jpeg, conversions: conversions)
}

internal import CPixelIO
internal import Codec

/// Reads a JPEG file: header, checks, rows, metadata. ``JPEGWriter`` goes the other way.
func readJPEG(
  _ bytes: [UInt8], limits: PictureLimits, keepsMetadata: Bool
) throws(PixelIOError) -> PictureFile {
  let orientation = ExifOrientation(jpeg: bytes) ?? .upright
  return try withBytes(bytes) { (start, count) throws(PixelIOError) in
    guard let reader = gq_jpeg_reader_create(start, count) else { throw .outOfMemory(.jpeg) }
    defer { gq_jpeg_reader_destroy(reader) }

    var header = gq_jpeg_header()
    try check(.jpeg) { message in gq_jpeg_read_header(reader, &header, message) }
    if header.bit_depth != 8 {
      throw .unsupported(.jpeg, .bitsPerSample(Int(header.bit_depth)))
    }
    let colorType: Picture.ColorType
    var isCMYK = false
    switch Int(header.colour) {
    case GQ_JPEG_GREY: colorType = .grey
    case GQ_JPEG_COLOUR: colorType = .rgb
    case GQ_JPEG_CMYK:
      colorType = .rgb
      isCMYK = true
    default: throw .unsupported(.jpeg, .components(Int(header.component_count)))
    }
    let width = Int(header.width)
    let height = Int(header.height)
    try limits.check(width: width, height: height)
    var (metadata, conversions) =
      keepsMetadata
      ? try readMetadata(ofJPEG: bytes, limits: limits) : (PictureMetadata(), [])
    if isCMYK {
      conversions.append(.cmykToRGB)
      if metadata.iccProfile != nil {
        metadata.iccProfile = nil
        conversions.append(.leftOut(.iccProfile, reason: "it is for CMYK"))
      }
    }

    let rowBytes = width * colorType.componentCount
    let samples = try makeSamples(.jpeg, count: height * rowBytes) { samples throws(PixelIOError) in
      try check(.jpeg) { message in gq_jpeg_read_rows(reader, samples, rowBytes, message) }
    }
    let picture = Picture(
      width: width, height: height, colorType: colorType, samples: samples, metadata: metadata)
    return PictureFile(
      picture: orientation.applied(to: picture), format: .jpeg, conversions: conversions)
  }
}

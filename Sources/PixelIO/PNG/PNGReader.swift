internal import CPixelIO
internal import Codec

/// Reads a PNG file: header, checks, rows. ``PNGWriter`` is the inverse.
func readPNG(_ bytes: [UInt8], limits: PictureLimits) throws(PixelIOError) -> Picture {
  try withBytes(bytes) { (start, count) throws(PixelIOError) in
    guard let reader = gq_png_reader_create(start, count) else { throw .outOfMemory(.png) }
    defer { gq_png_reader_destroy(reader) }

    var header = gq_png_header()
    try check(.png) { message in gq_png_read_header(reader, &header, message) }
    if header.has_alpha_channel != 0 { throw .unsupported(.png, .alphaChannel) }
    if header.has_transparency_chunk != 0 { throw .unsupported(.png, .transparencyChunk) }
    if header.bit_depth > 8 {
      throw .unsupported(.png, .bitsPerSample(Int(header.bit_depth)))
    }
    let width = Int(header.width)
    let height = Int(header.height)
    try limits.check(width: width, height: height)

    let colorType: Picture.ColorType =
      header.is_palette != 0 || header.is_colour != 0 ? .rgb : .grey
    let rowBytes = width * colorType.componentCount
    let samples = try makeSamples(count: height * rowBytes) { samples throws(PixelIOError) in
      try check(.png) { message in gq_png_read_rows(reader, samples, rowBytes, message) }
    }
    let picture = Picture(width: width, height: height, colorType: colorType, samples: samples)

    var exifCount = 0
    guard let exif = gq_png_exif(reader, &exifCount) else { return picture }
    let tiff = Array(UnsafeBufferPointer(start: exif, count: exifCount))
    return (ExifOrientation(tiff: tiff) ?? .upright).applied(to: picture)
  }
}

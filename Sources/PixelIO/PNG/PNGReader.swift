internal import CPixelIO
internal import Codec

/// Reads a PNG file: header, checks, rows, metadata. ``PNGWriter`` is the inverse.
func readPNG(
  _ bytes: [UInt8], limits: PictureLimits, keepsMetadata: Bool
) throws(PixelIOError) -> PictureFile {
  try withBytes(bytes) { (start, count) throws(PixelIOError) in
    guard
      let reader = gq_png_reader_create(
        start, count, keepsMetadata ? 1 : 0,
        // Chunks that have to do with pixels need some room too.
        keepsMetadata ? max(limits.maxMetadataBytes, 4096) : 64 << 20)
    else { throw .outOfMemory(.png) }
    defer { gq_png_reader_destroy(reader) }

    var header = gq_png_header()
    try check(.png) { message in gq_png_read_header(reader, &header, message) }
    let width = Int(header.width)
    let height = Int(header.height)
    try limits.check(width: width, height: height)
    var conversions: [Conversion] = []
    if header.bit_depth > 8 { conversions.append(.roundedSamples(bits: Int(header.bit_depth))) }
    // Within a twentieth of sRGB's exponent no one sees the difference.
    if header.gamma != 0, !(43182...47727).contains(header.gamma) {
      conversions.append(.gammaIgnored(Int(header.gamma)))
    }

    let colorType: Picture.ColorType =
      header.is_palette != 0 || header.is_colour != 0 ? .rgb : .grey
    let channels = colorType.componentCount + (header.has_alpha != 0 ? 1 : 0)
    let rowBytes = width * channels
    let samples = try makeSamples(.png, count: height * rowBytes) { samples throws(PixelIOError) in
      try check(.png) { message in gq_png_read_rows(reader, samples, rowBytes, message) }
    }

    var found = gq_png_metadata()
    gq_png_read_metadata(reader, &found)
    func copy(_ start: UnsafePointer<UInt8>?, _ count: Int) -> [UInt8]? {
      start.map { Array(UnsafeBufferPointer(start: $0, count: count)) }
    }
    let exif = copy(found.exif, found.exif_count)
    var metadata = PictureMetadata()
    if keepsMetadata {
      try limits.check(.iccProfile, byteCount: found.icc_count)
      try limits.check(.exif, byteCount: found.exif_count)
      try limits.check(.xmp, byteCount: found.xmp_count)
      metadata = PictureMetadata(
        iccProfile: copy(found.icc, found.icc_count), exif: exif,
        xmp: copy(found.xmp, found.xmp_count))
      let complaint = found.complaint.map { String(cString: $0) } ?? ""
      for (prefix, kind) in [
        ("iCCP", Conversion.Metadata.iccProfile), ("iTXt", .xmp), ("eXIf", .exif),
      ]
      where complaint.hasPrefix(prefix) {
        conversions.append(.leftOut(kind, reason: complaint))
      }
    }
    let picture = Picture(
      width: width, height: height, colorType: colorType, interleaved: samples,
      hasAlpha: header.has_alpha != 0, metadata: metadata)
    let orientation = exif.flatMap { ExifOrientation(tiff: $0) } ?? .upright
    return PictureFile(
      picture: orientation.applied(to: picture), format: .png, conversions: conversions)
  }
}

extension Picture {
  /// A picture from samples with alpha behind the colour of each pixel.
  fileprivate init(
    width: Int, height: Int, colorType: ColorType, interleaved: [UInt8], hasAlpha: Bool,
    metadata: PictureMetadata
  ) {
    guard hasAlpha else {
      self.init(
        width: width, height: height, colorType: colorType, samples: interleaved,
        metadata: metadata)
      return
    }
    let components = colorType.componentCount
    let pixels = width * height
    var alpha: [UInt8] = []
    let samples = [UInt8](unsafeUninitializedCapacity: pixels * components) { samples, count in
      alpha = [UInt8](unsafeUninitializedCapacity: pixels) { alpha, alphaCount in
        for pixel in 0..<pixels {
          let source = pixel * (components + 1)
          for c in 0..<components { samples[pixel * components + c] = interleaved[source + c] }
          alpha[pixel] = interleaved[source + components]
        }
        alphaCount = pixels
      }
      count = pixels * components
    }
    self.init(
      width: width, height: height, colorType: colorType, samples: samples, alpha: alpha,
      metadata: metadata)
  }
}

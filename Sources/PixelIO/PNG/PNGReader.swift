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

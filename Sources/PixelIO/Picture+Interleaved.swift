internal import GQCodec

extension Picture {
  /// A picture from samples with alpha behind the colour of each pixel.
  init(
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

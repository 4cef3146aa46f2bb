import GQCodec

extension Picture {
  /// The picture in the kind of the original, for programs that give back grey pictures as RGB.
  func inKind(of original: Picture) -> Picture {
    guard original.colorType == .grey, colorType == .rgb else { return self }
    var grey: [UInt8] = []
    grey.reserveCapacity(width * height)
    for i in stride(from: 0, to: samples.count, by: 3) {
      // Luma of ITU-R BT.601, which for equal components is that component.
      let luma = 299 * Int(samples[i]) + 587 * Int(samples[i + 1]) + 114 * Int(samples[i + 2])
      grey.append(UInt8((luma + 500) / 1000))
    }
    return Picture(width: width, height: height, colorType: .grey, samples: grey, alpha: alpha)
  }
}

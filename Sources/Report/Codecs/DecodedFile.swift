public import GQCodec

/// A picture that came out of a file of some codec.
public struct DecodedFile: Sendable {
  /// The picture.
  public let picture: Picture
  /// What reading it took.
  public let cost: Cost

  /// Makes a value.
  public init(picture: Picture, cost: Cost) {
    self.picture = picture
    self.cost = cost
  }

  /// The picture in the kind of the original, for programs that give back grey pictures as RGB.
  func picture(like original: Picture) -> Picture {
    guard original.colorType == .grey, picture.colorType == .rgb else { return picture }
    var samples: [UInt8] = []
    samples.reserveCapacity(picture.width * picture.height)
    for i in stride(from: 0, to: picture.samples.count, by: 3) {
      let pixel = picture.samples[i..<(i + 3)].map { Int($0) }
      // Luma of ITU-R BT.601, which for equal components is that component.
      let luma = 299 * pixel[0] + 587 * pixel[1] + 114 * pixel[2]
      samples.append(UInt8((luma + 500) / 1000))
    }
    return Picture(
      width: picture.width, height: picture.height, colorType: .grey, samples: samples)
  }
}

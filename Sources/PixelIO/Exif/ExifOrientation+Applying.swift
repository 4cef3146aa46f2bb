internal import GQCodec

extension ExifOrientation {
  /// Turns a stored picture upright, and makes its metadata say so.
  func applied(to picture: Picture) -> Picture {
    guard self != .upright else { return picture }
    var metadata = picture.metadata
    metadata.exif = metadata.exif.map(Self.upright(tiff:))
    metadata = metadata.describing(
      width: swapsSides ? picture.height : picture.width,
      height: swapsSides ? picture.width : picture.height)
    metadata.xmp = metadata.xmp.map(Self.upright(xmp:))
    let upright = turned(
      picture.samples, components: picture.colorType.componentCount, width: picture.width,
      height: picture.height)
    return Picture(
      width: swapsSides ? picture.height : picture.width,
      height: swapsSides ? picture.width : picture.height, colorType: picture.colorType,
      samples: upright,
      alpha: picture.alpha.map {
        turned($0, components: 1, width: picture.width, height: picture.height)
      }, metadata: metadata)
  }

  /// The samples of a stored picture in their upright order.
  private func turned(
    _ old: [UInt8], components: Int, width: Int, height: Int
  ) -> [UInt8] {
    let (newWidth, newHeight) = swapsSides ? (height, width) : (width, height)

    // Where the upper left pixel of the new picture lies in the old one, and how far one step
    // right and one step down in the new picture go there.
    let start: (x: Int, y: Int)
    let right: (x: Int, y: Int)
    let down: (x: Int, y: Int)
    switch self {
    case .upright: (start, right, down) = ((0, 0), (1, 0), (0, 1))
    case .mirrored: (start, right, down) = ((width - 1, 0), (-1, 0), (0, 1))
    case .upsideDown: (start, right, down) = ((width - 1, height - 1), (-1, 0), (0, -1))
    case .flipped: (start, right, down) = ((0, height - 1), (1, 0), (0, -1))
    case .transposed: (start, right, down) = ((0, 0), (0, 1), (1, 0))
    case .turnedLeft: (start, right, down) = ((0, height - 1), (0, -1), (1, 0))
    case .transversed: (start, right, down) = ((width - 1, height - 1), (0, -1), (-1, 0))
    case .turnedRight: (start, right, down) = ((width - 1, 0), (0, 1), (-1, 0))
    }
    let first = (start.y * width + start.x) * components
    let stepRight = (right.y * width + right.x) * components
    let stepDown = (down.y * width + down.x) * components

    return [UInt8](unsafeUninitializedCapacity: old.count) { new, count in
      var target = 0
      for y in 0..<newHeight {
        var source = first + y * stepDown
        for _ in 0..<newWidth {
          for component in 0..<components {
            new[target + component] = old[source + component]
          }
          target += components
          source += stepRight
        }
      }
      count = target
    }
  }
}

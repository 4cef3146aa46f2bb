internal import GQCodec

/// One component of a picture as floating point.
struct Plane {
  /// Samples in a row.
  let width: Int
  /// Rows.
  let height: Int
  /// `width * height` samples, row by row.
  let samples: [Float]

  /// One component of a picture, not scaled.
  init(_ picture: Picture, component: Int) {
    let step = picture.colorType.componentCount
    width = picture.width
    height = picture.height
    let count = width * height
    samples = picture.samples.withUnsafeBufferPointer { source in
      [Float](unsafeUninitializedCapacity: count) { target, initializedCount in
        for i in 0..<count { target[i] = Float(source[i * step + component]) }
        initializedCount = count
      }
    }
  }

  private init(width: Int, height: Int, samples: [Float]) {
    self.width = width
    self.height = height
    self.samples = samples
  }

  /// The plane at half the size: means of 2 x 2 samples.
  ///
  /// A side of odd length n gives (n + 1) / 2: a line of zeros goes in front of it, and counts.
  func halved() -> Plane {
    let (padX, padY) = (width % 2, height % 2)
    let (newWidth, newHeight) = ((width + 1) / 2, (height + 1) / 2)
    let halved = [Float](unsafeUninitializedCapacity: newWidth * newHeight) { target, count in
      samples.withUnsafeBufferPointer { source in
        for y in 0..<newHeight {
          let lower = 2 * y - padY + 1
          // With a line of zeros above it, the first row stands alone.
          let upper = max(lower - 1, 0)
          let weight: Float = lower == 0 ? 0 : 0.25
          let (a, b, row) = (upper * width - padX, lower * width - padX, y * newWidth)
          for x in padX..<newWidth {
            target[row + x] =
              weight * (source[a + 2 * x] + source[a + 2 * x + 1])
              + 0.25 * (source[b + 2 * x] + source[b + 2 * x + 1])
          }
          if padX == 1 {
            target[row] = weight * source[a + 1] + 0.25 * source[b + 1]
          }
        }
      }
      count = newWidth * newHeight
    }
    return Plane(width: newWidth, height: newHeight, samples: halved)
  }
}

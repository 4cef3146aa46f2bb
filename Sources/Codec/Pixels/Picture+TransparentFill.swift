import GQModel

extension Picture {
  /// The picture with colours that code cheaply where no one sees them, at alpha 0.
  ///
  /// There the pixels of each square of one latent position become the mean of its visible pixels; where a square
  /// has none, that of ever larger squares around it. Visible pixels stay as they are.
  func fillingTransparentPixels() -> Picture {
    guard let alpha, alpha.contains(0) else { return self }
    let components = colorType.componentCount
    let grid = LatentGrid(width: width, height: height)
    func square(_ x: Int, _ y: Int) -> Int {
      y / Network.stride * grid.columns + x / Network.stride
    }
    var means = VisibleMeans(rows: grid.rows, columns: grid.columns, components: components)
    for y in 0..<height {
      for x in 0..<width where alpha[y * width + x] != 0 {
        let place = y * width + x
        means.add(samples[place * components..<(place + 1) * components], to: square(x, y))
      }
    }
    let colors = means.filled()
    var samples = samples
    for y in 0..<height {
      for x in 0..<width where alpha[y * width + x] == 0 {
        let source = square(x, y) * components
        let target = (y * width + x) * components
        for c in 0..<components { samples[target + c] = colors[source + c] }
      }
    }
    return Picture(
      width: width, height: height, colorType: colorType, samples: samples, alpha: alpha,
      metadata: metadata)
  }
}

/// Sums of the visible pixels of squares, and of ever larger squares made of four of them.
private struct VisibleMeans {
  let rows: Int
  let columns: Int
  let components: Int
  private var sums: [Int]
  private var counts: [Int]

  init(rows: Int, columns: Int, components: Int) {
    self.rows = rows
    self.columns = columns
    self.components = components
    sums = Array(repeating: 0, count: rows * columns * components)
    counts = Array(repeating: 0, count: rows * columns)
  }

  mutating func add(_ pixel: ArraySlice<UInt8>, to square: Int) {
    counts[square] += 1
    for (c, value) in pixel.enumerated() { sums[square * components + c] += Int(value) }
  }

  /// A colour for every square; black when nothing is visible anywhere.
  func filled() -> [UInt8] {
    guard counts.contains(0) else { return means { _ in [] } }
    guard counts.count > 1 else {
      return means { _ in Array(repeating: 0, count: components)[...] }
    }
    var coarse = VisibleMeans(
      rows: (rows + 1) / 2, columns: (columns + 1) / 2, components: components)
    for square in counts.indices {
      let parent = square / columns / 2 * coarse.columns + square % columns / 2
      coarse.counts[parent] += counts[square]
      for c in 0..<components {
        coarse.sums[parent * components + c] += sums[square * components + c]
      }
    }
    let parents = coarse.filled()
    return means { square in
      let parent = square / columns / 2 * coarse.columns + square % columns / 2
      return parents[parent * components..<(parent + 1) * components]
    }
  }

  /// The rounded means; `stand` gives the colour of a square without visible pixels.
  private func means(_ stand: (Int) -> ArraySlice<UInt8>) -> [UInt8] {
    counts.indices.flatMap { square -> ArraySlice<UInt8> in
      let count = counts[square]
      if count == 0 { return stand(square) }
      return (0..<components).map {
        UInt8((sums[square * components + $0] + count / 2) / count)
      }[...]
    }
  }
}

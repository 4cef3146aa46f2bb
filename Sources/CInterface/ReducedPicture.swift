import GQCodec

extension PictureDecoding {
  /// Decodes the picture with each block of `factor` by `factor` pixels as one, its mean. Of the pixels no more than some
  /// rows are in memory at a time.
  func reduced(by factor: Int) throws -> Picture {
    var reducer = RowReducer(self, factor: factor)
    try forEachRows { (samples) throws(CodingFailure) in reducer.push(samples) }
    return reducer.picture(metadata: metadata)
  }
}

/// Takes means over blocks of pixels, row by row.
private struct RowReducer {
  private let (width, height): (Int, Int)
  private let colorType: Picture.ColorType
  private let source: [UInt8]?
  private let factor: Int
  private let reducedWidth: Int
  /// Sums of a row of blocks: colours, weighted by alpha where there is alpha.
  private var sums: [UInt32]
  /// Sums of colours without weights, for blocks that are transparent, and of alpha.
  private var (plainSums, alphaSums): ([UInt32], [UInt32]) = ([], [])
  private var row = 0
  private var (samples, alpha): ([UInt8], [UInt8]) = ([], [])

  init(_ decoding: PictureDecoding, factor: Int) {
    (width, height) = (decoding.width, decoding.height)
    colorType = decoding.colorType
    source = decoding.alpha
    self.factor = factor
    reducedWidth = (width + factor - 1) / factor
    sums = [UInt32](repeating: 0, count: reducedWidth * colorType.componentCount)
    if source != nil {
      plainSums = sums
      alphaSums = [UInt32](repeating: 0, count: reducedWidth)
    }
  }

  /// Whole rows.
  mutating func push(_ rows: [UInt8]) {
    let components = colorType.componentCount
    for start in stride(from: 0, to: rows.count, by: width * components) {
      for x in 0..<width {
        let block = x / factor
        let weight = source.map { UInt32($0[row * width + x]) } ?? 1
        for component in 0..<components {
          let sample = UInt32(rows[start + x * components + component])
          // 64 x 64 products of bytes fit.
          sums[block * components + component] &+= sample &* weight
          if source != nil { plainSums[block * components + component] &+= sample }
        }
        if source != nil { alphaSums[block] &+= weight }
      }
      row += 1
      if row.isMultiple(of: factor) || row == height { finishBlocks() }
    }
  }

  private mutating func finishBlocks() {
    let components = colorType.componentCount
    let rows = row.isMultiple(of: factor) ? factor : row % factor
    for block in 0..<reducedWidth {
      let count = UInt32(rows * min(factor, width - block * factor))
      var (divisor, from) = (count, sums)
      if source != nil {
        alpha.append(UInt8((alphaSums[block] + count / 2) / count))
        (divisor, from) = alphaSums[block] > 0 ? (alphaSums[block], sums) : (count, plainSums)
      }
      for component in 0..<components {
        samples.append(UInt8((from[block * components + component] + divisor / 2) / divisor))
      }
    }
    for k in sums.indices { sums[k] = 0 }
    for k in plainSums.indices { plainSums[k] = 0 }
    for k in alphaSums.indices { alphaSums[k] = 0 }
  }

  func picture(metadata: PictureMetadata) -> Picture {
    Picture(
      width: reducedWidth, height: (height + factor - 1) / factor, colorType: colorType,
      samples: samples, alpha: source == nil ? nil : alpha, metadata: metadata)
  }
}

package import GQCodec

extension Picture {
  /// The picture made smaller, so that neither side has more than `side` pixels; itself when it is small enough.
  ///
  /// Every new pixel is the mean of the area it covers, sample values weighted by alpha.
  package func fitted(within side: Int) -> Picture {
    precondition(side > 0)
    let longest = max(width, height)
    guard longest > side else { return self }
    let newWidth = max(1, (width * side + longest / 2) / longest)
    let newHeight = max(1, (height * side + longest / 2) / longest)
    let components = colorType.componentCount
    // With alpha a channel of weights comes last.
    let channels = components + (alpha == nil ? 0 : 1)
    let columns = coverage(of: width, by: newWidth)
    let rows = coverage(of: height, by: newHeight)
    var result: [UInt8] = []
    result.reserveCapacity(newWidth * newHeight * components)
    var resultAlpha: [UInt8] = []
    // Pixels under each new one.
    let area = Float(width) / Float(newWidth) * (Float(height) / Float(newHeight))
    for row in rows {
      // The rows that this one covers, weighted and summed.
      var sums = [Float](repeating: 0, count: width * channels)
      for (y, weight) in row {
        for x in 0..<width {
          let opacity = alpha.map { Float($0[y * width + x]) / 255 } ?? 1
          for c in 0..<components {
            sums[x * channels + c] +=
              weight * opacity * Float(samples[(y * width + x) * components + c])
          }
          if alpha != nil { sums[x * channels + components] += weight * opacity }
        }
      }
      for column in columns {
        var pixel = [Float](repeating: 0, count: channels)
        for (x, weight) in column {
          for c in 0..<channels { pixel[c] += weight * sums[x * channels + c] }
        }
        let divisor = alpha == nil ? area : pixel[components]
        for c in 0..<components {
          result.append(divisor > 0 ? UInt8(min(255, pixel[c] / divisor + 0.5)) : 0)
        }
        if alpha != nil {
          resultAlpha.append(UInt8(min(255, pixel[components] / area * 255 + 0.5)))
        }
      }
    }
    return Picture(
      width: newWidth, height: newHeight, colorType: colorType, samples: result,
      alpha: alpha == nil ? nil : resultAlpha, metadata: metadata)
  }
}

extension PictureSource {
  /// The picture made smaller as `Picture.fitted(within:)` does it, reading its rows once.
  package func fitted(within side: Int) throws -> Picture {
    precondition(side > 0)
    let longest = max(width, height)
    let newWidth = longest > side ? max(1, (width * side + longest / 2) / longest) : width
    let newHeight = longest > side ? max(1, (height * side + longest / 2) / longest) : height
    let channels = colorType.componentCount
    let columns = coverage(of: width, by: newWidth)
    let rows = coverage(of: height, by: newHeight)
    let area = Float(width) / Float(newWidth) * (Float(height) / Float(newHeight))
    var result: [UInt8] = []
    result.reserveCapacity(newWidth * newHeight * channels)
    var sums = [Float](repeating: 0, count: width * channels)
    var y = 0
    try forEachRows(16) { samples in
      for first in stride(from: 0, to: samples.count, by: width * channels) {
        // A row belongs to one new row, or to the two that meet in it.
        while result.count < newWidth * newHeight * channels {
          let parts = rows[result.count / (newWidth * channels)]
          guard let part = parts.first(where: { $0.cell == y }) else { break }
          for k in 0..<width * channels { sums[k] += part.weight * Float(samples[first + k]) }
          guard parts.last?.cell == y else { break }
          for column in columns {
            for c in 0..<channels {
              let sum = column.reduce(Float(0)) { $0 + $1.weight * sums[$1.cell * channels + c] }
              result.append(UInt8(min(255, sum / area + 0.5)))
            }
          }
          for k in sums.indices { sums[k] = 0 }
        }
        y += 1
      }
    }
    return Picture(
      width: newWidth, height: newHeight, colorType: colorType, samples: result, metadata: metadata)
  }
}

/// For each of `count` equal parts of a line of `length` cells: the cells it covers and how much of them.
private func coverage(of length: Int, by count: Int) -> [[(cell: Int, weight: Float)]] {
  (0..<count).map { part in
    // In units of 1 / count of a cell.
    let start = part * length
    let end = (part + 1) * length
    return (start / count...(end - 1) / count).map { cell in
      (cell, Float(min(end, (cell + 1) * count) - max(start, cell * count)) / Float(count))
    }
  }
}

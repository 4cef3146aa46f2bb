import Model

extension Picture {
  /// The network's input: [h, w, 3] in -1...1, h and w rounded up to multiples of the stride, the last row and
  /// column repeated into the padding. Grey counts as equal red, green and blue.
  func networkInput() -> Tensor {
    let stride = Network.stride
    let rows = (height + stride - 1) / stride * stride
    let columns = (width + stride - 1) / stride * stride
    let components = colorType.componentCount
    var values = [Float](repeating: 0, count: rows * columns * 3)
    samples.withUnsafeBufferPointer { samples in
      values.withUnsafeMutableBufferPointer { values in
        for row in 0..<rows {
          let line = min(row, height - 1) * width
          for column in 0..<columns {
            let source = (line + min(column, width - 1)) * components
            let target = (row * columns + column) * 3
            for c in 0..<3 {
              values[target + c] = Float(samples[source + min(c, components - 1)]) / 127.5 - 1
            }
          }
        }
      }
    }
    return Tensor(rows: rows, columns: columns, channels: 3, values: values)
  }

  /// Inverse of `networkInput`: crops, clamps and rounds; grey is the mean of red, green and blue.
  init(networkOutput tensor: Tensor, width: Int, height: Int, colorType: ColorType) {
    let components = colorType.componentCount
    var samples = [UInt8](repeating: 0, count: width * height * components)
    func sample(_ value: Float) -> UInt8 {
      // Rounded by truncation after adding a half. NaN, which only damaged weights could give, becomes black.
      UInt8(max(0, min((value + 1) * 127.5 + 0.5, 255)))
    }
    tensor.values.withUnsafeBufferPointer { values in
      samples.withUnsafeMutableBufferPointer { samples in
        for row in 0..<height {
          for column in 0..<width {
            let source = (row * tensor.columns + column) * 3
            let target = (row * width + column) * components
            switch colorType {
            case .rgb:
              for c in 0..<3 { samples[target + c] = sample(values[source + c]) }
            case .grey:
              samples[target] = sample(
                (values[source] + values[source + 1] + values[source + 2]) / 3)
            }
          }
        }
      }
    }
    self.init(width: width, height: height, colorType: colorType, samples: samples)
  }
}

/// The latent grid of a picture.
struct LatentGrid: Equatable, Sendable {
  let rows: Int
  let columns: Int

  init(rows: Int, columns: Int) {
    self.rows = rows
    self.columns = columns
  }

  init(width: Int, height: Int) {
    rows = (height + Network.stride - 1) / Network.stride
    columns = (width + Network.stride - 1) / Network.stride
  }

  var positionCount: Int { rows * columns }
}

/// Squared errors summed over the pixels of each latent position, in units where samples run from -1 to 1;
/// padding does not count.
func positionErrors(_ decoded: Tensor, _ source: Tensor, width: Int, height: Int) -> [Double] {
  let grid = LatentGrid(width: width, height: height)
  var sums = [Double](repeating: 0, count: grid.positionCount)
  decoded.values.withUnsafeBufferPointer { decoded in
    source.values.withUnsafeBufferPointer { original in
      for row in 0..<height {
        for column in 0..<grid.columns {
          let first = column * Network.stride
          let count = min(Network.stride, width - first) * 3
          let start = (row * source.columns + first) * 3
          var sum: Float = 0
          for k in start..<start + count {
            let difference = max(-1, min(1, decoded[k])) - original[k]
            sum += difference * difference
          }
          sums[row / Network.stride * grid.columns + column] += Double(sum)
        }
      }
    }
  }
  return sums
}

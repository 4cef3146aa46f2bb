import Model

extension Picture {
  /// The network's input: [h, w, 3] in -1...1, h and w rounded up to multiples of the stride, the last row and
  /// column repeated into the padding. Grey counts as equal red, green and blue.
  func networkInput() -> Tensor {
    var rows = NetworkInputRows(width: width, colorType: colorType)
    return rows.push(samples, isLast: true)
  }

  /// Inverse of `networkInput`: crops, clamps and rounds; grey is the mean of red, green and blue.
  init(networkOutput tensor: Tensor, width: Int, height: Int, colorType: ColorType) {
    self.init(
      width: width, height: height, colorType: colorType,
      samples: samplesOfNetworkOutput(
        tensor, rows: 0..<height, columns: 0..<width, colorType: colorType))
  }
}

/// The network's input from the rows of a picture, from above to below.
struct NetworkInputRows {
  private let width: Int
  private let colorType: Picture.ColorType
  /// Samples of rows that do not make a row of positions yet.
  private var waiting: [UInt8] = []

  init(width: Int, colorType: Picture.ColorType) {
    self.width = width
    self.colorType = colorType
  }

  /// Takes rows of samples; the input [16 n, w, 3] that is known then, see `Picture.networkInput`.
  mutating func push(_ samples: [UInt8], isLast: Bool) -> Tensor {
    if waiting.isEmpty { waiting = samples } else { waiting += samples }
    let stride = Network.stride
    let components = colorType.componentCount
    let rowLength = width * components
    let height = waiting.count / rowLength
    let rows = isLast ? (height + stride - 1) / stride * stride : height / stride * stride
    let columns = (width + stride - 1) / stride * stride
    var values = [Float](repeating: 0, count: rows * columns * 3)
    waiting.withUnsafeBufferPointer { samples in
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
    waiting.removeFirst(min(rows, height) * rowLength)
    return Tensor(rows: rows, columns: columns, channels: 3, values: values)
  }
}

/// The samples of some pixels of the network's output [h, w, 3]: clamped and rounded; grey is the mean of red, green and
/// blue.
func samplesOfNetworkOutput(
  _ tensor: Tensor, rows: Range<Int>, columns: Range<Int>, colorType: Picture.ColorType
) -> [UInt8] {
  func sample(_ value: Float) -> UInt8 {
    // Rounded by truncation after adding a half. NaN, which only damaged weights could give, becomes black.
    UInt8(max(0, min((value + 1) * 127.5 + 0.5, 255)))
  }
  let components = colorType.componentCount
  let total = rows.count * columns.count * components
  return [UInt8](unsafeUninitializedCapacity: total) { samples, count in
    count = total
    tensor.values.withUnsafeBufferPointer { values in
      var target = 0
      for row in rows {
        var source = (row * tensor.columns + columns.lowerBound) * 3
        for _ in columns {
          switch colorType {
          case .rgb:
            for c in 0..<3 { samples[target + c] = sample(values[source + c]) }
          case .grey:
            samples[target] = sample((values[source] + values[source + 1] + values[source + 2]) / 3)
          }
          target += components
          source += 3
        }
      }
    }
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

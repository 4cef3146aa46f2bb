internal import CGQKernels
import GQModel

extension Picture {
  /// The network's input: [h, w, 3] in -1...1, h and w rounded up to multiples of the stride, the last row and
  /// column repeated into the padding. Grey counts as equal red, green and blue.
  func networkInput(_ pool: WorkerPool) -> Tensor {
    var rows = NetworkInputRows(width: width, colorType: colorType, pool: pool)
    return rows.push(samples, isLast: true)
  }

  /// Inverse of `networkInput`: crops, clamps and rounds; grey is the mean of red, green and blue.
  init(
    networkOutput tensor: Tensor, width: Int, height: Int, colorType: ColorType, _ pool: WorkerPool
  ) {
    self.init(
      width: width, height: height, colorType: colorType,
      samples: samplesOfNetworkOutput(
        tensor, rows: 0..<height, columns: 0..<width, colorType: colorType, pool))
  }
}

/// The network's input from the rows of a picture, from above to below.
struct NetworkInputRows {
  private let width: Int
  private let colorType: Picture.ColorType
  private let pool: WorkerPool
  /// Samples of rows that do not make a row of positions yet.
  private var waiting: [UInt8] = []

  init(width: Int, colorType: Picture.ColorType, pool: WorkerPool) {
    self.width = width
    self.colorType = colorType
    self.pool = pool
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
    let (width, colorType) = (width, colorType)
    let input = waiting.withUnsafeBufferPointer { samples in
      let samples = Disjoint(samples)
      return Tensor(
        rows: rows, columns: columns, channels: 3, pool: pool
      ) { (row: Int, target: UnsafeMutablePointer<Float>) -> Void in
        guard let base = samples.value.baseAddress else { return }
        let line = base + min(row, height - 1) * rowLength
        switch colorType {
        case .rgb:
          gq_from_samples(line, target, rowLength)
        case .grey:
          for column in 0..<width {
            let value = Float(line[column]) / 127.5 - 1
            (target + 3 * column).update(repeating: value, count: 3)
          }
        }
        for k in 3 * width..<3 * columns { target[k] = target[k - 3] }
      }
    }
    waiting.removeFirst(min(rows, height) * rowLength)
    return input
  }
}

/// The samples of some pixels of the network's output [h, w, 3]: clamped and rounded; grey is the mean of red, green and
/// blue.
func samplesOfNetworkOutput(
  _ tensor: Tensor, rows: Range<Int>, columns: Range<Int>, colorType: Picture.ColorType,
  _ pool: WorkerPool
) -> [UInt8] {
  let rowLength = columns.count * colorType.componentCount
  return [UInt8](unsafeUninitializedCapacity: rows.count * rowLength) { samples, count in
    count = rows.count * rowLength
    tensor.values.withUnsafeBufferPointer { values in
      guard let source = values.baseAddress, let target = samples.baseAddress else { return }
      let (from, to) = (Disjoint(source), Disjoint(target))
      pool.forEachPart(of: rows.count, length: 8) { part in
        var means = [Float](repeating: 0, count: colorType == .grey ? columns.count : 0)
        for row in part {
          let line =
            from.value + ((rows.lowerBound + row) * tensor.columns + columns.lowerBound) * 3
          switch colorType {
          case .rgb:
            gq_to_samples(line, to.value + row * rowLength, rowLength)
          case .grey:
            for k in means.indices {
              means[k] = (line[3 * k] + line[3 * k + 1] + line[3 * k + 2]) / 3
            }
            gq_to_samples(means, to.value + row * rowLength, rowLength)
          }
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

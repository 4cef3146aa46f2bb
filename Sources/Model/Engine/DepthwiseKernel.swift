internal import CDepthwise

/// Depthwise 3x3 convolution with the widest instructions of the processor; results do not depend on which.
struct DepthwiseKernel: PreparedDepthwise {
  /// The kernel for this machine.
  static let fastest: Int32 =
    [DEPTHWISE_AVX512, DEPTHWISE_AVX2, DEPTHWISE_PLAIN].map { Int32($0) }
    .first { depthwise_supports($0) != 0 } ?? 0

  private let channels: Int
  /// [9, channels]
  private let weights: [Float]
  private let bias: [Float]
  private let pool: WorkerPool
  private let kernel: Int32

  init(_ layer: DepthwiseLayer, pool: WorkerPool, kernel: Int32 = DepthwiseKernel.fastest) {
    channels = layer.channels
    bias = layer.bias
    self.pool = pool
    self.kernel = kernel
    var weights = layer.weights
    for channel in 0..<layer.channels {
      for tap in 0..<9 {
        weights[tap * layer.channels + channel] = layer.weights[channel * 9 + tap]
      }
    }
    self.weights = weights
  }

  /// Convolves some positions of `rows` x `columns`, as row-major numbers, into [count, channels].
  func run(
    _ input: UnsafePointer<Float>, rows: Int, columns: Int, first: Int, count: Int,
    _ output: UnsafeMutablePointer<Float>
  ) {
    depthwise_convolve(
      kernel, input, rows, columns, channels, weights, bias, first, count, output)
  }

  func run(
    _ input: TensorSlice, hasRowAbove: Bool, hasRowBelow: Bool
  ) -> Tensor {
    precondition(input.channels == channels)
    let rows = input.rows - (hasRowAbove ? 1 : 0) - (hasRowBelow ? 1 : 0)
    let positions = rows * input.columns
    let start = hasRowAbove ? input.columns : 0
    let values = [Float](unsafeUninitializedCapacity: positions * channels) { output, count in
      count = positions * channels
      input.withValues { source in
        guard let source = source.baseAddress, let target = output.baseAddress else { return }
        let (from, to) = (Disjoint(source), Disjoint(target))
        pool.forEachPart(of: positions, length: 256) { part in
          run(
            from.value, rows: input.rows, columns: input.columns, first: start + part.lowerBound,
            count: part.count, to.value + part.lowerBound * channels)
        }
      }
    }
    return Tensor(rows: rows, columns: input.columns, channels: channels, values: values)
  }
}

internal import CGQKernels

/// A depthwise 3x3 convolution on the threads of a pool.
struct DepthwiseKernel: Sendable {
  private let channels: Int
  /// [9, channels]
  private let weights: [Float]
  private let bias: [Float]
  private let pool: WorkerPool

  init(_ layer: DepthwiseLayer, pool: WorkerPool) {
    channels = layer.channels
    bias = layer.bias
    self.pool = pool
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
    gq_convolve_depthwise(input, rows, columns, channels, weights, bias, first, count, output)
  }

  /// Convolves the inner rows of `input`: all but the first where that only lies above what is wanted, and all but
  /// the last where that only lies below. Other positions outside the tensor count as zero.
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

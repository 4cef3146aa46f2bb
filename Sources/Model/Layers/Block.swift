/// Residual [1x1, leaky ReLU, depthwise 3x3, 1x1], then residual [1x1 to twice the width, leaky ReLU, 1x1].
///
/// It runs a chunk of positions at a time: what one layer makes of it is still in the cache when the next one reads it.
struct Block: Sendable {
  private let channels: Int
  private let mixIn: Pointwise
  private let convolution: DepthwiseKernel
  /// Added to the block's input.
  private let mixOut: IntegerProduct
  /// From the sum to twice the width.
  private let expand: IntegerProduct
  /// Added to the sum.
  private let project: IntegerProduct
  private let pool: WorkerPool

  init(
    _ name: String, channels: Int, slope: Float, from file: Safetensors, pool: WorkerPool
  ) throws(ModelError) {
    /// One of its 1x1 convolutions.
    func layer(
      _ part: String, _ inputs: Int, _ outputs: Int, slope: Float = 1, accumulate: Bool = false
    ) throws(ModelError) -> IntegerLayer {
      try IntegerLayer(
        "\(name).\(part)", inputs: inputs, outputs: outputs, from: file, negativeSlope: slope,
        accumulate: accumulate)
    }
    let wide = 2 * channels
    self.channels = channels
    self.pool = pool
    mixIn = Pointwise(try layer("mix_in", channels, channels, slope: slope), pool: pool)
    convolution = DepthwiseKernel(
      try DepthwiseLayer("\(name).depthwise", channels: channels, from: file), pool: pool)
    mixOut = IntegerProduct(try layer("mix_out", channels, channels, accumulate: true))
    expand = IntegerProduct(try layer("expand", channels, wide, slope: slope))
    project = IntegerProduct(try layer("project", wide, channels, accumulate: true))
  }

  /// Multiply-adds per position of what looks at neighbours.
  var spatialMultiplyAdds: Int { channels * channels + 9 * channels }
  /// Multiply-adds per position of the rest.
  var pointwiseMultiplyAdds: Int { 5 * channels * channels }

  /// The first layer, position by position; its results are added below buffered rows.
  func mix(_ input: TensorSlice, to rows: inout TensorRows) { mixIn.append(input, to: &rows) }

  /// The block's result for rows of its input: [rows, columns, channels], or [1, n, channels] for n positions.
  ///
  /// - Parameters:
  ///   - input: the rows.
  ///   - mixed: what the first layer made of them, and of the row above and the row below where there is one.
  ///   - hasRowAbove: whether the first row of `mixed` is the one above.
  ///   - hasRowBelow: whether the last row of `mixed` is the one below.
  ///   - positions: the positions that are wanted, as row-major numbers in `input`; nil for all.
  func finish(
    _ input: StackedSlices, mixed: TensorSlice, hasRowAbove: Bool, hasRowBelow: Bool,
    positions: [Int]?
  ) -> Tensor {
    precondition(
      mixed.rows == input.rows + (hasRowAbove ? 1 : 0) + (hasRowBelow ? 1 : 0)
        && mixed.columns == input.columns && mixed.channels == input.channels)
    precondition(input.channels == channels)
    let total = positions?.count ?? input.positionCount
    let start = hasRowAbove ? input.columns : 0
    let values = [Float](unsafeUninitializedCapacity: total * channels) { output, count in
      count = total * channels
      mixed.withValues { values in
        guard let source = values.baseAddress, let target = output.baseAddress else { return }
        let (from, to) = (Disjoint(source), Disjoint(target))
        pool.forEachPart(of: total, length: IntegerProduct.chunk) { part in
          let sums = to.value + part.lowerBound * channels
          finish(part.count, sums) { convolved in
            /// Fills in adjacent positions of the chunk.
            func fill(_ place: Int, _ position: Int, _ count: Int) {
              convolution.run(
                from.value, rows: mixed.rows, columns: mixed.columns, first: start + position,
                count: count, convolved + place * channels)
              input.copy(position..<position + count, to: sums + place * channels)
            }
            if let positions {
              for (place, k) in part.enumerated() { fill(place, positions[k], 1) }
            } else {
              fill(0, part.lowerBound, part.count)
            }
          }
        }
      }
    }
    return positions == nil
      ? Tensor(rows: input.rows, columns: input.columns, channels: channels, values: values)
      : Tensor(rows: 1, columns: total, channels: channels, values: values)
  }

  /// A chunk of positions. `fill` stores what the convolution makes of them, and in `sums` the block's input.
  private func finish(
    _ count: Int, _ sums: UnsafeMutablePointer<Float>, _ fill: (UnsafeMutablePointer<Float>) -> Void
  ) {
    IntegerProduct.withScratch(mixOut, expand, project) { scratch in
      withUnsafeTemporaryAllocation(of: Float.self, capacity: count * 2 * channels) { values in
        guard let values = values.baseAddress else { return }
        fill(values)
        mixOut(values, count: count, into: sums, scratch)
        expand(sums, count: count, into: values, scratch)
        project(values, count: count, into: sums, scratch)
      }
    }
  }
}

#if OneDNN
  /// A block, a chunk of positions at a time: what one layer makes of it is still in the cache when the next one reads it.
  struct OneDNNBlock: PreparedBlock {
    private let mixIn: IntegerPointwise
    private let convolution: DepthwiseKernel
    private let mixOut: IntegerProduct
    private let expand: IntegerProduct
    private let project: IntegerProduct
    private let pool: WorkerPool

    init(
      _ layers: BlockLayers, precision: OneDNNEngine.Precision, pool: WorkerPool
    ) throws(ModelError) {
      mixIn = IntegerPointwise(product: try IntegerProduct(layers.mixIn, precision), pool: pool)
      convolution = DepthwiseKernel(layers.depthwise, pool: pool)
      mixOut = try IntegerProduct(layers.mixOut, precision)
      expand = try IntegerProduct(layers.expand, precision)
      project = try IntegerProduct(layers.project, precision)
      self.pool = pool
    }

    func mix(
      _ input: UnsafeBufferPointer<Float>, into output: UnsafeMutableBufferPointer<Float>,
      positions: Int
    ) throws(ModelError) {
      try mixIn.run(input, into: output, positions: positions)
    }

    func run(
      _ input: StackedSlices, mixed: TensorSlice, hasRowAbove: Bool,
      hasRowBelow: Bool, positions: [Int]?
    ) throws(ModelError) -> Tensor {
      precondition(
        mixed.rows == input.rows + (hasRowAbove ? 1 : 0) + (hasRowBelow ? 1 : 0)
          && mixed.columns == input.columns && mixed.channels == input.channels)
      let total = positions?.count ?? input.positionCount
      let start = hasRowAbove ? input.columns : 0
      let channels = input.channels
      let failure = Failure()
      let values = [Float](unsafeUninitializedCapacity: total * channels) { output, count in
        count = total * channels
        mixed.withValues { values in
          guard let source = values.baseAddress, let target = output.baseAddress else { return }
          let pointers = (Disjoint(source), Disjoint(target))
          pool.forEachPart(of: total, length: OneDNNEngine.chunk) { part in
            let first = part.lowerBound
            failure.note(
              runChunk(part.count, channels, pointers.1.value + first * channels) {
                convolved, sums in
                /// Fills in adjacent positions of the chunk.
                func fill(_ place: Int, _ position: Int, _ count: Int) {
                  convolution.run(
                    pointers.0.value, rows: mixed.rows, columns: mixed.columns,
                    first: start + position, count: count, convolved + place * channels)
                  input.copy(position..<position + count, to: sums + place * channels)
                }
                if let positions {
                  for (place, k) in part.enumerated() { fill(place, positions[k], 1) }
                } else {
                  fill(0, first, part.count)
                }
              })
          }
        }
      }
      try failure.check("block")
      return positions == nil
        ? Tensor(rows: input.rows, columns: input.columns, channels: channels, values: values)
        : Tensor(rows: 1, columns: total, channels: channels, values: values)
    }

    /// Runs a chunk of positions. `fill` gives what the convolution makes of them, and the block's input where the
    /// result is to be.
    private func runChunk(
      _ count: Int, _ channels: Int, _ output: UnsafeMutablePointer<Float>,
      _ fill: (
        _ convolved: UnsafeMutablePointer<Float>, _ sums: UnsafeMutablePointer<Float>
      ) -> Void
    ) -> Int32 {
      IntegerProduct.withMemory(mixOut, expand, project) { memory in
        let values = memory.values
        fill(values, output)
        for k in 0..<count { mixOut.round(values + k * channels, row: k, memory) }
        var status = mixOut.run(count, memory) { k in
          mixOut.store(row: k, memory, to: output + k * channels)
          expand.round(output + k * channels, row: k, memory)
        }
        guard status == 0 else { return status }
        status = expand.run(count, memory) { k in
          expand.store(row: k, memory, to: values)
          project.round(values, row: k, memory)
        }
        guard status == 0 else { return status }
        return project.run(count, memory) { k in
          project.store(row: k, memory, to: output + k * channels)
        }
      }
    }
  }
#endif

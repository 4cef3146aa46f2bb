#if OneDNN
  /// The layers of a block after its first, a chunk of positions at a time: what one layer makes of it is still in the
  /// cache when the next one reads it.
  struct OneDNNBlock: PreparedBlock {
    private let convolution: DepthwiseKernel
    private let mixOut: MatrixProduct
    private let expand: MatrixProduct
    private let project: MatrixProduct
    private let precision: OneDNNEngine.Precision
    private let pool: WorkerPool

    init(
      _ layers: BlockLayers, precision: OneDNNEngine.Precision, pool: WorkerPool
    ) throws(ModelError) {
      convolution = DepthwiseKernel(layers.depthwise, pool: pool)
      mixOut = try MatrixProduct(layers.mixOut, precision: precision)
      // The next product would round it anyway.
      expand = try MatrixProduct(layers.expand, precision: precision, outputPrecision: precision)
      project = try MatrixProduct(layers.project, precision: precision)
      self.precision = precision
      self.pool = pool
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

    /// Runs a chunk of positions. `fill` gives what the convolution makes of them and the block's input.
    private func runChunk(
      _ count: Int, _ channels: Int, _ output: UnsafeMutablePointer<Float>,
      _ fill: (
        _ convolved: UnsafeMutablePointer<Float>, _ sums: UnsafeMutablePointer<Float>
      ) -> Void
    ) -> Int32 {
      let (chunk, filled) = (OneDNNEngine.chunk, OneDNNEngine.filledUp(count))
      let scratchBytes = max(mixOut.scratchBytes, expand.scratchBytes, project.scratchBytes)
      let wide = chunk * channels
      // Convolved or summed values; the same rounded; the wide layer's; a result that is not a whole chunk; scratch.
      return withScratch(4 * wide + 4 * wide + 8 * wide + 4 * wide + scratchBytes) { memory in
        let values = memory.bindMemory(to: Float.self, capacity: wide)
        let rounded = memory + 4 * wide
        let expanded = memory + 8 * wide
        let padded = (memory + 16 * wide).bindMemory(to: Float.self, capacity: wide)
        let scratch = memory + 20 * wide
        let sums = count == chunk ? output : padded

        /// What a product reads: the values themselves or rounded.
        func operand(_ source: UnsafePointer<Float>) -> UnsafeRawPointer {
          guard precision == .bfloat16 else { return UnsafeRawPointer(source) }
          let words = rounded.bindMemory(to: UInt16.self, capacity: wide)
          DepthwiseKernel.round(source, words, count * channels)
          (words + count * channels).update(repeating: 0, count: (filled - count) * channels)
          return UnsafeRawPointer(words)
        }
        fill(values, sums)
        if count < chunk {
          (values + count * channels).update(repeating: 0, count: (filled - count) * channels)
          (sums + count * channels).update(repeating: 0, count: (filled - count) * channels)
        }
        var status = mixOut.run(operand(values), sums, filledUp: filled, scratch: scratch)
        if status == 0 {
          status = expand.run(operand(sums), expanded, filledUp: filled, scratch: scratch)
        }
        if status == 0 {
          status = project.run(expanded, sums, filledUp: filled, scratch: scratch)
        }
        if count < chunk { output.update(from: padded, count: count * channels) }
        return status
      }
    }
  }
#endif

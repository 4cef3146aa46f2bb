#if OneDNN
  import COneDNN
  import Synchronization

  /// The layers through oneDNN, on the threads of a pool.
  ///
  /// Activations stay in single precision; in bfloat16 the inputs of a product are rounded as it is made and
  /// its sums are single precision. Work is cut in chunks whose size does not depend on the number of threads.
  struct OneDNNEngine: LayerEngine {
    enum Precision {
      case bfloat16, float32
    }

    let precision: Precision
    let pool: WorkerPool

    static var hasBFloat16: Bool { gq_has_bfloat16() != 0 }

    func prepare(_ layer: PointwiseLayer) throws(ModelError) -> any PreparedPointwise {
      try Pointwise(layer: layer, engine: self)
    }

    func prepare(_ layer: DepthwiseLayer) throws(ModelError) -> any PreparedDepthwise {
      Depthwise(layer: layer, pool: pool)
    }

    func multiply(
      _ left: [Float], rows: Int, by right: ArraySlice<Float>, inner: Int, columns: Int,
      transposed: Bool
    ) throws(ModelError) -> [Float] {
      precondition(left.count == rows * inner && right.count == inner * columns)
      var result = [Float](repeating: 0, count: rows * columns)
      let status = right.withUnsafeBufferPointer { right in
        gq_multiply(
          left, right.baseAddress, &result, Int64(rows), Int64(inner), Int64(columns),
          transposed ? 1 : 0)
      }
      guard status == 0 else {
        throw .engineFailure(operation: "matrix product", status: Int(status))
      }
      return result
    }

    /// Positions of one product: enough to fill the processor, few enough to stay in its cache.
    static let chunk = 256

    private struct Pointwise: PreparedPointwise {
      let layer: PointwiseLayer
      let handle: LayerHandle
      let pool: WorkerPool
      let precision: Precision

      init(layer: PointwiseLayer, engine: OneDNNEngine) throws(ModelError) {
        self.layer = layer
        self.pool = engine.pool
        let precision = layer.precise ? .float32 : engine.precision
        self.precision = precision
        self.handle = try LayerHandle { result in
          gq_pointwise_create(
            Int64(OneDNNEngine.chunk), Int64(layer.inputs), Int64(layer.outputs), layer.weights,
            layer.bias, layer.negativeSlope, layer.accumulate ? 1 : 0,
            Int32(precision == .bfloat16 ? GQ_BFLOAT16 : GQ_FLOAT32), result)
        }
      }

      func run(_ input: [Float], into output: inout [Float], positions: Int) throws(ModelError) {
        let (inputs, outputs, chunk) = (layer.inputs, layer.outputs, OneDNNEngine.chunk)
        precondition(input.count == positions * inputs && output.count == positions * outputs)
        let failure = Failure()
        input.withUnsafeBufferPointer { input in
          output.withUnsafeMutableBufferPointer { output in
            guard let inputBase = input.baseAddress, let outputBase = output.baseAddress else {
              return
            }
            let (source, target) = (Disjoint(inputBase), Disjoint(outputBase))
            pool.forEach((positions + chunk - 1) / chunk) { index in
              let first = index * chunk
              let count = min(chunk, positions - first)
              failure.note(
                runChunk(
                  source.value + first * inputs, target.value + first * outputs, count: count))
            }
          }
        }
        try failure.check("1x1 convolution")
      }

      /// Runs up to `chunk` positions; fewer are filled up in scratch memory so that one shape serves all.
      private func runChunk(
        _ source: UnsafePointer<Float>, _ target: UnsafeMutablePointer<Float>, count: Int
      ) -> Int32 {
        let (inputs, outputs, chunk) = (layer.inputs, layer.outputs, OneDNNEngine.chunk)
        return withScratch(handle.scratchBytes) { scratch in
          if precision == .float32, count == chunk {
            return gq_layer_run(handle.pointer, source, target, scratch)
          }
          let width = precision == .bfloat16 ? 2 : 4
          return withScratch(chunk * inputs * width) { padded in
            if precision == .bfloat16 {
              let words = padded.bindMemory(to: UInt16.self, capacity: chunk * inputs)
              gq_to_bfloat16(source, words, count * inputs)
              (words + count * inputs).update(repeating: 0, count: (chunk - count) * inputs)
            } else {
              let values = padded.bindMemory(to: Float.self, capacity: chunk * inputs)
              values.update(from: source, count: count * inputs)
              (values + count * inputs).update(repeating: 0, count: (chunk - count) * inputs)
            }
            if count == chunk { return gq_layer_run(handle.pointer, padded, target, scratch) }
            return withScratch(chunk * outputs * 4) { raw in
              let result = raw.bindMemory(to: Float.self, capacity: chunk * outputs)
              result.update(repeating: 0, count: chunk * outputs)
              if layer.accumulate { result.update(from: target, count: count * outputs) }
              let status = gq_layer_run(handle.pointer, padded, result, scratch)
              target.update(from: result, count: count * outputs)
              return status
            }
          }
        }
      }
    }

    private final class Depthwise: PreparedDepthwise {
      /// A strip of rows as oneDNN is told of it.
      struct Shape: Hashable {
        let rows: Int
        let columns: Int
        let padTop: Bool
        let padBottom: Bool
      }

      let layer: DepthwiseLayer
      let pool: WorkerPool
      let handles = Mutex<[Shape: LayerHandle]>([:])

      init(layer: DepthwiseLayer, pool: WorkerPool) {
        self.layer = layer
        self.pool = pool
      }

      func run(
        _ input: Tensor, hasRowAbove: Bool, hasRowBelow: Bool
      ) throws(ModelError) -> Tensor {
        precondition(input.channels == layer.channels)
        let above = hasRowAbove ? 1 : 0
        let rows = input.rows - above - (hasRowBelow ? 1 : 0)
        var output = Tensor(rows: rows, columns: input.columns, channels: input.channels)
        let strip = max(2, OneDNNEngine.chunk / input.columns)
        let stripCount = (rows + strip - 1) / strip
        var prepared: [LayerHandle] = []
        for index in 0..<stripCount {
          prepared.append(
            try handle(
              Shape(
                rows: min(strip, rows - index * strip), columns: input.columns,
                padTop: index == 0 && !hasRowAbove,
                padBottom: index == stripCount - 1 && !hasRowBelow)))
        }
        let (handles, rowLength) = (prepared, input.columns * input.channels)
        let failure = Failure()
        input.values.withUnsafeBufferPointer { source in
          output.values.withUnsafeMutableBufferPointer { target in
            guard let sourceBase = source.baseAddress, let targetBase = target.baseAddress else {
              return
            }
            let (source, target) = (Disjoint(sourceBase), Disjoint(targetBase))
            pool.forEach(stripCount) { index in
              let first = index * strip
              failure.note(
                withScratch(handles[index].scratchBytes) { scratch in
                  gq_layer_run(
                    handles[index].pointer, source.value + max(0, first + above - 1) * rowLength,
                    target.value + first * rowLength, scratch)
                })
            }
          }
        }
        try failure.check("depthwise convolution")
        return output
      }

      private func handle(_ shape: Shape) throws(ModelError) -> LayerHandle {
        if let known = handles.withLock({ $0[shape] }) { return known }
        let made = try LayerHandle { result in
          gq_depthwise_create(
            Int64(shape.rows), Int64(shape.columns), Int64(layer.channels), shape.padTop ? 1 : 0,
            shape.padBottom ? 1 : 0, layer.weights, layer.bias, result)
        }
        handles.withLock { $0[shape] = made }
        return made
      }
    }

    /// Owns a layer on the C side. Immutable there, so it may be used from any thread.
    private final class LayerHandle: @unchecked Sendable {
      let pointer: OpaquePointer
      let scratchBytes: Int

      init(_ create: (UnsafeMutablePointer<OpaquePointer?>) -> Int32) throws(ModelError) {
        var result: OpaquePointer?
        let status = create(&result)
        guard status == 0, let result else {
          throw .engineFailure(operation: "preparing a layer", status: Int(status))
        }
        pointer = result
        scratchBytes = gq_layer_scratch(result)
      }

      deinit { gq_layer_destroy(pointer) }
    }

    /// The first failure among chunks that ran at the same time.
    private final class Failure: Sendable {
      private let status = Atomic<Int32>(0)

      func note(_ value: Int32) {
        if value != 0 { status.store(value, ordering: .relaxed) }
      }

      func check(_ operation: String) throws(ModelError) {
        let value = status.load(ordering: .relaxed)
        if value != 0 { throw .engineFailure(operation: operation, status: Int(value)) }
      }
    }
  }

  /// Calls `body` with 64-byte aligned memory of at least `byteCount` bytes.
  private func withScratch<Result>(
    _ byteCount: Int, _ body: (UnsafeMutableRawPointer) -> Result
  ) -> Result {
    let memory = UnsafeMutableRawPointer.allocate(byteCount: max(64, byteCount), alignment: 64)
    defer { memory.deallocate() }
    return body(memory)
  }
#endif

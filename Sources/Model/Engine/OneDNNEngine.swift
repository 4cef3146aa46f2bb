#if OneDNN
  import COneDNN
  import Synchronization

  /// The layers through oneDNN, on the threads of a pool.
  ///
  /// Activations stay in single precision between blocks; in bfloat16 the inputs of a product are rounded as it is made
  /// and its sums are single precision. Work is cut in chunks whose size does not depend on the number of threads.
  struct OneDNNEngine: LayerEngine {
    enum Precision {
      case bfloat16, float32

      var code: Int32 { Int32(self == .bfloat16 ? GQ_BFLOAT16 : GQ_FLOAT32) }
      var byteCount: Int { self == .bfloat16 ? 2 : 4 }
    }

    let precision: Precision
    let pool: WorkerPool

    static var hasBFloat16: Bool { gq_has_bfloat16() != 0 }

    /// Positions of one product: enough to fill the processor, few enough to stay in its cache.
    static let chunk = 256

    /// Positions of one product where there are few: small pictures and what chunks leave over are filled up to it.
    static let smallChunk = 64

    /// The positions that a product of so many is made with.
    static func filledUp(_ count: Int) -> Int {
      (count + smallChunk - 1) / smallChunk * smallChunk
    }

    func prepare(_ layer: PointwiseLayer) throws(ModelError) -> any PreparedPointwise {
      Pointwise(
        try MatrixProduct(layer, precision: layer.precise ? .float32 : precision), pool: pool)
    }

    func prepare(_ layer: DepthwiseLayer) -> any PreparedDepthwise {
      DepthwiseKernel(layer, pool: pool)
    }

    func prepare(_ layers: BlockLayers) throws(ModelError) -> any PreparedBlock {
      try OneDNNBlock(layers, precision: precision, pool: pool)
    }

    private struct Pointwise: PreparedPointwise {
      let product: MatrixProduct
      let pool: WorkerPool

      init(_ product: MatrixProduct, pool: WorkerPool) {
        self.product = product
        self.pool = pool
      }

      func run(
        _ input: UnsafeBufferPointer<Float>, into output: UnsafeMutableBufferPointer<Float>,
        positions: Int
      ) throws(ModelError) {
        let (inputs, outputs) = (product.inputs, product.outputs)
        precondition(input.count == positions * inputs && output.count == positions * outputs)
        let failure = Failure()
        guard let inputBase = input.baseAddress, let outputBase = output.baseAddress else { return }
        let (source, target) = (Disjoint(inputBase), Disjoint(outputBase))
        pool.forEachPart(of: positions, length: OneDNNEngine.chunk) { part in
          let first = part.lowerBound
          failure.note(
            product.run(
              source.value + first * inputs, target.value + first * outputs, count: part.count))
        }
        try failure.check("1x1 convolution")
      }
    }
  }

  /// A product of up to `OneDNNEngine.chunk` positions with a layer's weights.
  struct MatrixProduct: Sendable {
    let inputs: Int
    let outputs: Int
    private let accumulate: Bool
    private let precision: OneDNNEngine.Precision
    private let handle: LayerHandle

    /// - Parameter outputPrecision: that of the result, bfloat16 only where the input's is and nothing is accumulated.
    init(
      _ layer: PointwiseLayer, precision: OneDNNEngine.Precision,
      outputPrecision: OneDNNEngine.Precision = .float32
    ) throws(ModelError) {
      inputs = layer.inputs
      outputs = layer.outputs
      accumulate = layer.accumulate
      self.precision = precision
      handle = try LayerHandle { result in
        gq_pointwise_create(
          Int64(OneDNNEngine.chunk), Int64(OneDNNEngine.smallChunk), Int64(layer.inputs),
          Int64(layer.outputs), layer.weights,
          layer.bias, layer.negativeSlope, layer.accumulate ? 1 : 0, precision.code,
          outputPrecision.code, result)
      }
    }

    /// Bytes of scratch of a run.
    var scratchBytes: Int { handle.scratchBytes }

    /// Runs so many positions, a multiple of the small chunk, whose numbers have the product's precisions. There must be
    /// room for a whole chunk.
    func run(
      _ input: UnsafeRawPointer, _ output: UnsafeMutableRawPointer, filledUp count: Int,
      scratch: UnsafeMutableRawPointer
    ) -> Int32 {
      gq_layer_run(handle.pointer, Int64(count), input, output, scratch)
    }

    /// Runs up to a chunk of positions from single precision to single precision; fewer are filled up in scratch memory
    /// so that two shapes serve all.
    func run(
      _ source: UnsafePointer<Float>, _ target: UnsafeMutablePointer<Float>, count: Int
    ) -> Int32 {
      let (chunk, filled) = (OneDNNEngine.chunk, OneDNNEngine.filledUp(count))
      return withScratch(handle.scratchBytes) { scratch in
        if precision == .float32, count == chunk {
          return run(source, target, filledUp: chunk, scratch: scratch)
        }
        return withScratch(chunk * inputs * precision.byteCount) { padded in
          if precision == .bfloat16 {
            let words = padded.bindMemory(to: UInt16.self, capacity: chunk * inputs)
            DepthwiseKernel.round(source, words, count * inputs)
            (words + count * inputs).update(repeating: 0, count: (filled - count) * inputs)
          } else {
            let values = padded.bindMemory(to: Float.self, capacity: chunk * inputs)
            values.update(from: source, count: count * inputs)
            (values + count * inputs).update(repeating: 0, count: (filled - count) * inputs)
          }
          if count == chunk { return run(padded, target, filledUp: chunk, scratch: scratch) }
          return withScratch(chunk * outputs * 4) { raw in
            let result = raw.bindMemory(to: Float.self, capacity: chunk * outputs)
            result.update(repeating: 0, count: filled * outputs)
            if accumulate { result.update(from: target, count: count * outputs) }
            let status = run(padded, result, filledUp: filled, scratch: scratch)
            target.update(from: result, count: count * outputs)
            return status
          }
        }
      }
    }
  }

  /// Owns a layer on the C side, which may be used from any thread.
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
  final class Failure: Sendable {
    private let status = Atomic<Int32>(0)

    func note(_ value: Int32) {
      if value != 0 { status.store(value, ordering: .relaxed) }
    }

    func check(_ operation: String) throws(ModelError) {
      let value = status.load(ordering: .relaxed)
      if value != 0 { throw .engineFailure(operation: operation, status: Int(value)) }
    }
  }

  /// Calls `body` with 64-byte aligned memory of at least `byteCount` bytes.
  func withScratch<Result>(
    _ byteCount: Int, _ body: (UnsafeMutableRawPointer) -> Result
  ) -> Result {
    let memory = UnsafeMutableRawPointer.allocate(byteCount: max(64, byteCount), alignment: 64)
    defer { memory.deallocate() }
    return body(memory)
  }
#endif

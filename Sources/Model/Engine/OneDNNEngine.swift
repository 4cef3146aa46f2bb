#if OneDNN
  import COneDNN
  import Synchronization

  /// Integer layers through oneDNN, the others through the package's own kernels, on the threads of a pool.
  ///
  /// Work is cut in chunks whose size does not depend on the number of threads.
  struct OneDNNEngine: LayerEngine {
    /// What holds the whole numbers that are multiplied: sums are exact in both, so results are the same.
    enum Precision: Sendable {
      /// Bytes, summed in 32 bits, where the processor can.
      case int8
      /// Single precision, slower.
      case float32

      var code: Int32 { Int32(self == .int8 ? GQ_INT8 : GQ_FLOAT32) }
      var byteCount: Int { self == .int8 ? 1 : 4 }
    }

    let precision: Precision
    let pool: WorkerPool

    /// Whether this processor multiplies bytes.
    static var hasInt8: Bool { gq_has_int8() != 0 }

    /// Positions of one product: enough to fill the processor, few enough to stay in its cache.
    static let chunk = 256

    /// Positions of one product where there are few: small pictures and what chunks leave over are filled up to it.
    static let smallChunk = 64

    /// The positions that a product of so many is made with.
    static func filledUp(_ count: Int) -> Int {
      (count + smallChunk - 1) / smallChunk * smallChunk
    }

    func prepare(_ layer: PointwiseLayer) -> any PreparedPointwise {
      VectorPointwise(layer, pool: pool)
    }

    func prepare(_ layer: IntegerLayer) throws(ModelError) -> any PreparedPointwise {
      IntegerPointwise(product: try IntegerProduct(layer, precision), pool: pool)
    }

    func prepare(_ layer: DepthwiseLayer) -> any PreparedDepthwise {
      DepthwiseKernel(layer, pool: pool)
    }

    func prepare(_ layers: BlockLayers) throws(ModelError) -> any PreparedBlock {
      try OneDNNBlock(layers, precision: precision, pool: pool)
    }
  }

  /// An integer layer on the threads of a pool.
  struct IntegerPointwise: PreparedPointwise {
    let product: IntegerProduct
    let pool: WorkerPool

    func run(
      _ input: UnsafeBufferPointer<Float>, into output: UnsafeMutableBufferPointer<Float>,
      positions: Int
    ) throws(ModelError) {
      let (inputs, outputs) = (product.inputs, product.outputs)
      precondition(input.count == positions * inputs && output.count == positions * outputs)
      guard let inputBase = input.baseAddress, let outputBase = output.baseAddress else { return }
      let (source, target) = (Disjoint(inputBase), Disjoint(outputBase))
      let failure = Failure()
      pool.forEachPart(of: positions, length: OneDNNEngine.chunk) { part in
        let (from, to) = (
          source.value + part.lowerBound * inputs, target.value + part.lowerBound * outputs
        )
        failure.note(
          IntegerProduct.withMemory(product) { memory in
            for k in 0..<part.count { product.round(from + k * inputs, row: k, memory) }
            return product.run(part.count, memory) { k in
              product.store(row: k, memory, to: to + k * outputs)
            }
          })
      }
      try failure.check("1x1 convolution")
    }
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

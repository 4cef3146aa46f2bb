#if OneDNN
  import COneDNN
  internal import CVectorMath

  /// An integer layer for up to `OneDNNEngine.chunk` positions at a time.
  struct IntegerProduct: Sendable {
    let inputs: Int
    let outputs: Int
    private let precision: OneDNNEngine.Precision
    private let handle: ProductHandle
    private let scales: [Float]
    private let bias: [Float]
    private let negativeSlope: Float
    private let accumulate: Bool

    init(_ layer: IntegerLayer, _ precision: OneDNNEngine.Precision) throws(ModelError) {
      inputs = layer.inputs
      outputs = layer.outputs
      scales = layer.scales
      bias = layer.bias
      negativeSlope = layer.negativeSlope
      accumulate = layer.accumulate
      self.precision = precision
      handle = try ProductHandle { result in
        func create(_ weights: UnsafeRawPointer) -> Int32 {
          gq_product_create(
            Int64(OneDNNEngine.chunk), Int64(OneDNNEngine.smallChunk), Int64(layer.inputs),
            Int64(layer.outputs), weights, precision.code, result)
        }
        return precision == .int8
          ? create(layer.weights) : create(layer.weights.map { Float($0) })
      }
    }

    /// What the products of a chunk use one after the other.
    struct Memory {
      /// What goes in, rounded.
      fileprivate let operands: UnsafeMutableRawPointer
      /// What the operands of each position are multiples of.
      fileprivate let scales: UnsafeMutablePointer<Float>
      fileprivate let sums: UnsafeMutableRawPointer
      fileprivate let scratch: UnsafeMutableRawPointer
      /// Room for as many numbers as a chunk has on the way.
      let values: UnsafeMutablePointer<Float>
    }

    /// Calls `body` with memory for any of these products.
    static func withMemory<Result>(
      _ products: IntegerProduct..., body: (Memory) -> Result
    ) -> Result {
      let chunk = OneDNNEngine.chunk
      let width = products.reduce(0) { max($0, $1.inputs, $1.outputs) }
      let scratch = products.reduce(0) { max($0, $1.handle.scratchBytes) }
      let room = 4 * chunk * width
      return withScratch(3 * room + 4 * chunk + scratch) { start in
        body(
          Memory(
            operands: start,
            scales: (start + 3 * room).bindMemory(to: Float.self, capacity: chunk),
            sums: start + room, scratch: start + 3 * room + 4 * chunk,
            values: (start + 2 * room).bindMemory(to: Float.self, capacity: chunk * width)))
      }
    }

    /// Rounds the numbers of a position, which are to be multiplied.
    func round(_ values: UnsafePointer<Float>, row: Int, _ memory: Memory) {
      switch precision {
      case .int8:
        let target = memory.operands.assumingMemoryBound(to: Int8.self) + row * inputs
        memory.scales[row] = vector_to_bytes(values, inputs, target)
      case .float32:
        let target = memory.operands.assumingMemoryBound(to: Float.self) + row * inputs
        memory.scales[row] = vector_to_whole_numbers(values, inputs, target)
      }
    }

    /// Multiplies so many rounded positions, then calls `use` with the number of each.
    func run(_ count: Int, _ memory: Memory, use: (Int) -> Void) -> Int32 {
      let filled = OneDNNEngine.filledUp(count)
      let size = inputs * precision.byteCount
      (memory.operands + count * size).initializeMemory(
        as: UInt8.self, repeating: 0, count: (filled - count) * size)
      let status = multiply(filled, memory)
      if status == 0 { for k in 0..<count { use(k) } }
      return status
    }

    /// The products alone, of so many positions, a multiple of the small chunk.
    func multiply(_ count: Int, _ memory: Memory) -> Int32 {
      gq_product_run(
        handle.pointer, Int64(count), memory.operands, memory.sums, memory.scratch)
    }

    /// Stores a position's results, or adds them where the layer does.
    func store(row: Int, _ memory: Memory, to target: UnsafeMutablePointer<Float>) {
      let (first, scale, adds) = (row * outputs, memory.scales[row], Int32(accumulate ? 1 : 0))
      switch precision {
      case .int8:
        vector_from_sums(
          memory.sums.assumingMemoryBound(to: Int32.self) + first, scale, scales, bias,
          negativeSlope, adds, target, outputs)
      case .float32:
        vector_from_whole_sums(
          memory.sums.assumingMemoryBound(to: Float.self) + first, scale, scales, bias,
          negativeSlope, adds, target, outputs)
      }
    }
  }

  /// Owns a product on the C side, which may be used from any thread.
  private final class ProductHandle: @unchecked Sendable {
    let pointer: OpaquePointer
    let scratchBytes: Int

    init(_ create: (UnsafeMutablePointer<OpaquePointer?>) -> Int32) throws(ModelError) {
      var result: OpaquePointer?
      let status = create(&result)
      guard status == 0, let result else {
        throw .engineFailure(operation: "preparing a layer", status: Int(status))
      }
      pointer = result
      scratchBytes = gq_product_scratch(result)
    }

    deinit { gq_product_destroy(pointer) }
  }
#endif

internal import CGQKernels

/// An integer layer with its weights laid out for the kernels; may be used from any thread.
struct IntegerProduct: Sendable {
  /// Positions of one product: few enough for what a block makes of them to stay in the nearest caches.
  static let chunk = 48

  let inputs: Int
  let outputs: Int
  private let packed: PackedWeights

  init(_ layer: IntegerLayer) {
    inputs = layer.inputs
    outputs = layer.outputs
    packed = PackedWeights(layer)
  }

  /// Room for the operands of a chunk's rows.
  struct Scratch {
    /// What the operands are for.
    fileprivate let instructionSet: Int32
    fileprivate let operands: UnsafeMutableRawPointer
    fileprivate let scales: UnsafeMutablePointer<Float>
  }

  /// Calls `body` with room for any of these products.
  static func withScratch<Result>(
    _ products: IntegerProduct..., body: (Scratch) -> Result
  ) -> Result {
    let set = gq_instruction_set()
    let bytes = products.reduce(0) { max($0, gq_operand_bytes(set, $1.inputs)) } * chunk
    return withUnsafeTemporaryAllocation(byteCount: bytes + 64, alignment: 64) { operands in
      withUnsafeTemporaryAllocation(of: Float.self, capacity: chunk) { scales in
        guard let operands = operands.baseAddress, let scales = scales.baseAddress else {
          preconditionFailure("neither is empty")
        }
        return body(Scratch(instructionSet: set, operands: operands, scales: scales))
      }
    }
  }

  /// Reads [count, inputs] of at most a chunk and stores [count, outputs], or adds to it where the layer does.
  func callAsFunction(
    _ input: UnsafePointer<Float>, count: Int, into output: UnsafeMutablePointer<Float>,
    _ scratch: Scratch
  ) {
    round(input, count: count, scratch)
    multiply(count, into: output, scratch)
  }

  func round(_ input: UnsafePointer<Float>, count: Int, _ scratch: Scratch) {
    precondition(count <= Self.chunk)
    let size = gq_operand_bytes(scratch.instructionSet, inputs)
    for row in 0..<count {
      scratch.scales[row] = gq_round_row(
        scratch.instructionSet, input + row * inputs, inputs, scratch.operands + row * size)
    }
  }

  /// The products alone, of rows that are rounded.
  func multiply(_ count: Int, into output: UnsafeMutablePointer<Float>, _ scratch: Scratch) {
    withUnsafePointer(to: packed.product) {
      gq_multiply_rows(
        scratch.instructionSet, $0, scratch.operands, scratch.scales, count, output)
    }
  }
}

/// Owns the memory that a product of the kernels points to.
private final class PackedWeights: @unchecked Sendable {
  // Safe because nothing changes once it is made.
  let product: gq_product
  private let memory: UnsafeMutableRawPointer

  init(_ layer: IntegerLayer) {
    let (group, step) = (Int(GQ_GROUP), Int(GQ_STEP))
    let columns = (layer.outputs + group - 1) / group * group
    let weights = (layer.inputs + step - 1) / step * step * columns
    memory = .allocate(byteCount: weights + 12 * columns, alignment: 64)
    let packed = memory.bindMemory(to: Int8.self, capacity: weights)
    let offsets = (memory + weights).bindMemory(to: Int32.self, capacity: columns)
    let scales = (memory + weights + 4 * columns).bindMemory(to: Float.self, capacity: columns)
    let bias = (memory + weights + 8 * columns).bindMemory(to: Float.self, capacity: columns)
    layer.weights.withUnsafeBytes {
      gq_pack_weights(
        $0.bindMemory(to: Int8.self).baseAddress, layer.inputs, layer.outputs, packed, offsets)
    }
    for k in 0..<columns {
      scales[k] = k < layer.outputs ? layer.scales[k] : 0
      bias[k] = k < layer.outputs ? layer.bias[k] : 0
    }
    product = gq_product(
      inputs: layer.inputs, outputs: layer.outputs, weights: packed, offsets: offsets,
      scales: scales, bias: bias, slope: layer.negativeSlope, adds: layer.accumulate ? 1 : 0)
  }

  deinit { memory.deallocate() }
}

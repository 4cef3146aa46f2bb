/// A 1x1 convolution ready to run on the threads of a pool.
struct Pointwise: Sendable {
  let inputs: Int
  let outputs: Int
  private let layer: Prepared
  private let pool: WorkerPool

  private enum Prepared: Sendable {
    case integer(IntegerProduct)
    case single(VectorPointwise)
  }

  init(_ layer: PointwiseLayer, pool: WorkerPool) {
    inputs = layer.inputs
    outputs = layer.outputs
    self.layer = .single(VectorPointwise(layer))
    self.pool = pool
  }

  init(_ layer: IntegerLayer, pool: WorkerPool) {
    inputs = layer.inputs
    outputs = layer.outputs
    self.layer = .integer(IntegerProduct(layer))
    self.pool = pool
  }

  private var chunk: Int {
    switch layer {
    case .single: VectorPointwise.chunk
    case .integer: IntegerProduct.chunk
    }
  }

  /// Reads `positions * inputs` values and stores `positions * outputs`, or adds to them where the layer does.
  func run(
    _ input: UnsafeBufferPointer<Float>, into output: UnsafeMutableBufferPointer<Float>,
    positions: Int
  ) {
    precondition(input.count == positions * inputs && output.count == positions * outputs)
    guard let inputBase = input.baseAddress, let outputBase = output.baseAddress else { return }
    let (source, target) = (Disjoint(inputBase), Disjoint(outputBase))
    pool.forEachPart(of: positions, length: chunk) { part in
      let from = source.value + part.lowerBound * inputs
      let to = target.value + part.lowerBound * outputs
      switch layer {
      case .single(let product):
        product(from, count: part.count, into: to)
      case .integer(let product):
        IntegerProduct.withScratch(product) { product(from, count: part.count, into: to, $0) }
      }
    }
  }

  /// [rows, columns, inputs] -> [rows, columns, outputs]
  func callAsFunction(_ input: TensorSlice) -> Tensor {
    var result = TensorRows(columns: input.columns, channels: outputs)
    append(input, to: &result)
    return result[result.rows]
  }

  /// [rows, columns, inputs] -> [rows, columns, outputs]
  func callAsFunction(_ input: Tensor) -> Tensor { self(TensorSlice(input)) }

  /// Adds the results below buffered rows.
  func append(_ input: TensorSlice, to rows: inout TensorRows) {
    precondition(rows.channels == outputs && input.channels == inputs)
    rows.append(rows: input.rows) { output in
      input.withValues { run($0, into: output, positions: input.positionCount) }
    }
  }
}

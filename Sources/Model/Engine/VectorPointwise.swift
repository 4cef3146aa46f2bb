internal import CGQKernels

/// A 1x1 convolution in single precision whose sums have the same order on every processor.
struct VectorPointwise: Sendable {
  private let inputs: Int
  private let outputs: Int
  /// [inputs, columns], the columns being outputs filled up with zeros.
  private let matrix: [Float]
  private let columns: Int
  private let bias: [Float]
  private let negativeSlope: Float

  init(_ layer: PointwiseLayer) {
    inputs = layer.inputs
    outputs = layer.outputs
    let multiple = Int(GQ_COLUMNS)
    columns = (layer.outputs + multiple - 1) / multiple * multiple
    var matrix = [Float](repeating: 0, count: layer.inputs * columns)
    for output in 0..<layer.outputs {
      for input in 0..<layer.inputs {
        matrix[input * columns + output] = layer.weights[output * layer.inputs + input]
      }
    }
    self.matrix = matrix
    bias = layer.bias
    negativeSlope = layer.negativeSlope
  }

  /// Positions of one product.
  static let chunk = 64

  /// Reads [count, inputs] and stores [count, outputs].
  func callAsFunction(
    _ input: UnsafePointer<Float>, count: Int, into output: UnsafeMutablePointer<Float>
  ) {
    withUnsafeTemporaryAllocation(of: Float.self, capacity: count * columns) { sums in
      guard let sums = sums.baseAddress else { return }
      gq_multiply(input, count, inputs, matrix, columns, sums)
      for k in 0..<count {
        let row = output + k * outputs
        row.update(from: sums + k * columns, count: outputs)
        gq_add(row, bias, outputs)
        guard negativeSlope != 1 else { continue }
        for c in 0..<outputs where row[c] < 0 { row[c] *= negativeSlope }
      }
    }
  }
}

/// A 1x1 convolution in single precision: at every position `outputs` values from `inputs` values.
///
/// Layout: activations [positions, inputs] -> [positions, outputs], weights [outputs, inputs].
struct PointwiseLayer: Sendable {
  let inputs: Int
  let outputs: Int
  let weights: [Float]
  let bias: [Float]
  /// Slope for negative results (leaky ReLU); 1 for none.
  let negativeSlope: Float

  init(inputs: Int, outputs: Int, weights: [Float], bias: [Float], negativeSlope: Float = 1) {
    precondition(weights.count == inputs * outputs && bias.count == outputs)
    self.inputs = inputs
    self.outputs = outputs
    self.weights = weights
    self.bias = bias
    self.negativeSlope = negativeSlope
  }

  /// Reads `name`.weight and `name`.bias.
  init(
    _ name: String, inputs: Int, outputs: Int, from file: Safetensors, negativeSlope: Float = 1
  ) throws(ModelError) {
    self.init(
      inputs: inputs, outputs: outputs,
      weights: try file.floats("\(name).weight", shape: [outputs, inputs]),
      bias: try file.floats("\(name).bias", shape: [outputs]), negativeSlope: negativeSlope)
  }
}

/// A 3x3 convolution of every channel with a kernel of its own, zeros outside, same size out.
struct DepthwiseLayer: Sendable {
  let channels: Int
  /// [channels, 3, 3]
  let weights: [Float]
  let bias: [Float]

  init(channels: Int, weights: [Float], bias: [Float]) {
    precondition(weights.count == channels * 9 && bias.count == channels)
    self.channels = channels
    self.weights = weights
    self.bias = bias
  }

  /// Reads `name`.weight and `name`.bias.
  init(_ name: String, channels: Int, from file: Safetensors) throws(ModelError) {
    self.init(
      channels: channels,
      weights: try file.floats("\(name).weight", shape: [channels, 1, 3, 3]),
      bias: try file.floats("\(name).bias", shape: [channels]))
  }
}

/// A 1x1 convolution ready to run.
struct Pointwise: Sendable {
  let inputs: Int
  let outputs: Int
  private let prepared: any PreparedPointwise

  init(_ layer: PointwiseLayer, engine: any LayerEngine) throws(ModelError) {
    inputs = layer.inputs
    outputs = layer.outputs
    prepared = try engine.prepare(layer)
  }

  init(_ layer: IntegerLayer, engine: any LayerEngine) throws(ModelError) {
    inputs = layer.inputs
    outputs = layer.outputs
    prepared = try engine.prepare(layer)
  }

  /// [rows, columns, inputs] -> [rows, columns, outputs]
  func callAsFunction(_ input: TensorSlice) throws(ModelError) -> Tensor {
    var result = TensorRows(columns: input.columns, channels: outputs)
    try append(input, to: &result)
    return result[result.rows]
  }

  /// [rows, columns, inputs] -> [rows, columns, outputs]
  func callAsFunction(_ input: Tensor) throws(ModelError) -> Tensor {
    try self(TensorSlice(input))
  }

  /// Adds the results below rows that are held.
  func append(_ input: TensorSlice, to rows: inout TensorRows) throws(ModelError) {
    precondition(rows.channels == outputs && input.channels == inputs)
    try rows.append(rows: input.rows) { (output) throws(ModelError) in
      try input.withValues { (values) throws(ModelError) in
        try prepared.run(values, into: output, positions: input.positionCount)
      }
    }
  }
}

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

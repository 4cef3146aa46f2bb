internal import CVectorMath

/// A 1x1 convolution with products of bytes, whose results are the same on every machine.
///
/// The numbers of a position are rounded to -127...127 times a scale of the position's own, their largest magnitude / 127,
/// when they come in; so are the weights of every output, beforehand. Sums of products are exact, in 32-bit integers or in
/// single precision, whose whole numbers are exact up to 2^24. See `docs/performance.md` for what this costs and saves.
struct IntegerLayer: Sendable {
  /// The most inputs whose sums are exact in single precision.
  static let maximumInputs = (1 << 24) / (127 * 127)

  let inputs: Int
  let outputs: Int
  /// [outputs, inputs], -127...127
  let weights: [Int8]
  /// What the weights of each output are multiples of.
  let scales: [Float]
  let bias: [Float]
  /// Slope for negative results (leaky ReLU); 1 for none.
  let negativeSlope: Float
  /// Whether results are added to what the output holds (a residual connection).
  let accumulate: Bool

  init(
    inputs: Int, outputs: Int, weights: [Float], bias: [Float], negativeSlope: Float = 1,
    accumulate: Bool = false
  ) {
    precondition(weights.count == inputs * outputs && bias.count == outputs)
    precondition(inputs <= Self.maximumInputs)
    precondition(negativeSlope == 1 || !accumulate, "a residual has no activation of its own")
    self.inputs = inputs
    self.outputs = outputs
    self.bias = bias
    self.negativeSlope = negativeSlope
    self.accumulate = accumulate
    var scales = [Float](repeating: 0, count: outputs)
    self.weights = [Int8](unsafeUninitializedCapacity: weights.count) { rounded, count in
      count = weights.count
      guard let target = rounded.baseAddress else { return }
      weights.withUnsafeBufferPointer { weights in
        guard let source = weights.baseAddress else { return }
        for output in 0..<outputs {
          scales[output] = vector_to_bytes(
            source + output * inputs, inputs, target + output * inputs)
        }
      }
    }
    self.scales = scales
  }

  /// Reads `name`.weight and `name`.bias.
  init(
    _ name: String, inputs: Int, outputs: Int, from file: Safetensors, negativeSlope: Float = 1,
    accumulate: Bool = false
  ) throws(ModelError) {
    self.init(
      inputs: inputs, outputs: outputs,
      weights: try file.floats("\(name).weight", shape: [outputs, inputs]),
      bias: try file.floats("\(name).bias", shape: [outputs]), negativeSlope: negativeSlope,
      accumulate: accumulate)
  }
}

/// A 1x1 convolution with int8 products, whose results are the same on every machine.
///
/// The numbers of a position are rounded to -127...127 times a scale of the position's own, their largest magnitude / 127,
/// when they come in; the weights of every output were so before they were stored. Sums of products are exact. See `docs/performance.md` for what this costs and saves.
struct IntegerLayer: Sendable {
  /// The most inputs: their sums are below 2^24, so that they are exact in single precision too.
  static let maximumInputs = (1 << 24) / (127 * 127)

  let inputs: Int
  let outputs: Int
  /// [outputs, inputs], two's complements of -127...127
  let weights: ArraySlice<UInt8>
  /// What the weights of each output are multiples of.
  let scales: [Float]
  let bias: [Float]
  /// Slope for negative results (leaky ReLU); 1 for none.
  let negativeSlope: Float
  /// Whether results are added to what the output holds (a residual connection).
  let accumulate: Bool

  init(
    inputs: Int, outputs: Int, weights: ArraySlice<UInt8>, scales: [Float], bias: [Float],
    negativeSlope: Float = 1, accumulate: Bool = false
  ) {
    precondition(inputs <= Self.maximumInputs && weights.count == inputs * outputs)
    precondition(scales.count == outputs && bias.count == outputs)
    precondition(negativeSlope == 1 || !accumulate, "a residual has no activation of its own")
    self.inputs = inputs
    self.outputs = outputs
    self.weights = weights
    self.scales = scales
    self.bias = bias
    self.negativeSlope = negativeSlope
    self.accumulate = accumulate
  }

  /// Reads `name`.weight, `name`.scale and `name`.bias.
  init(
    _ name: String, inputs: Int, outputs: Int, from file: Safetensors, negativeSlope: Float = 1,
    accumulate: Bool = false
  ) throws(ModelError) {
    let weights = try file.signedBytes("\(name).weight", shape: [outputs, inputs])
    // Without an early end, so that it takes many at a time.
    guard weights.withUnsafeBytes({ $0.reduce(0) { $0 | ($1 == 0x80 ? 1 : 0) } }) == 0 else {
      throw .malformedHeader("tensor \(name).weight has a value of -128, expected -127 to 127")
    }
    self.init(
      inputs: inputs, outputs: outputs, weights: weights,
      scales: try file.floats("\(name).scale", shape: [outputs]),
      bias: try file.floats("\(name).bias", shape: [outputs]), negativeSlope: negativeSlope,
      accumulate: accumulate)
  }
}

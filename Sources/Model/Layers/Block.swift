/// Residual [1x1, leaky ReLU, depthwise 3x3, 1x1], then residual [1x1 to twice the width, leaky ReLU, 1x1].
struct Block: Sendable {
  private let mixIn: Pointwise
  private let depthwise: any PreparedDepthwise
  private let mixOut: Pointwise
  private let expand: Pointwise
  private let project: Pointwise

  init(
    _ name: String, channels: Int, slope: Float, from file: Safetensors, engine: any LayerEngine
  ) throws(ModelError) {
    mixIn = try Pointwise(
      PointwiseLayer(
        "\(name).mix_in", inputs: channels, outputs: channels, from: file, negativeSlope: slope),
      engine: engine)
    depthwise = try engine.prepare(
      DepthwiseLayer("\(name).depthwise", channels: channels, from: file))
    mixOut = try Pointwise(
      PointwiseLayer(
        "\(name).mix_out", inputs: channels, outputs: channels, from: file, accumulate: true),
      engine: engine)
    expand = try Pointwise(
      PointwiseLayer(
        "\(name).expand", inputs: channels, outputs: 2 * channels, from: file,
        negativeSlope: slope), engine: engine)
    project = try Pointwise(
      PointwiseLayer(
        "\(name).project", inputs: 2 * channels, outputs: channels, from: file, accumulate: true),
      engine: engine)
  }

  /// Multiply-adds per position of `spatial`.
  var spatialMultiplyAdds: Int { mixIn.multiplyAdds + 9 * mixIn.layer.outputs }
  /// Multiply-adds per position of `pointwise`.
  var pointwiseMultiplyAdds: Int {
    mixOut.multiplyAdds + expand.multiplyAdds + project.multiplyAdds
  }

  /// [rows, columns, channels], same shape out.
  func callAsFunction(_ input: Tensor) throws(ModelError) -> Tensor {
    try pointwise(input, try spatial(input))
  }

  /// The part that looks at neighbours.
  func spatial(_ input: Tensor) throws(ModelError) -> Tensor {
    try depthwise.run(try mix(input))
  }

  /// The first half of `spatial`, position by position.
  func mix(_ input: Tensor) throws(ModelError) -> Tensor { try mixIn(input) }

  /// The second half of `spatial`, for the inner rows: see `PreparedDepthwise`.
  func convolve(
    _ mixed: Tensor, hasRowAbove: Bool, hasRowBelow: Bool
  ) throws(ModelError) -> Tensor {
    try depthwise.run(mixed, hasRowAbove: hasRowAbove, hasRowBelow: hasRowBelow)
  }

  /// The rest, position by position: may run on some positions only.
  func pointwise(_ input: Tensor, _ spatial: Tensor) throws(ModelError) -> Tensor {
    var output = input
    try mixOut.add(spatial, to: &output)
    try project.add(try expand(output), to: &output)
    return output
  }
}

/// A learned scale and shift of the features for every level.
struct LevelScale: Sendable {
  let channels: Int
  /// [levels, channels]
  let scale: [Float]
  /// [levels, channels]
  let shift: [Float]

  init(_ name: String, levels: Int, channels: Int, from file: Safetensors) throws(ModelError) {
    self.channels = channels
    scale = try file.floats("\(name).scale", shape: [levels, channels])
    shift = try file.floats("\(name).shift", shape: [levels, channels])
  }

  /// `levels` holds one level per position.
  func callAsFunction(_ input: Tensor, levels: [UInt8]) -> Tensor {
    precondition(levels.count == input.positionCount && input.channels == channels)
    var output = input
    output.values.withUnsafeMutableBufferPointer { values in
      for position in 0..<levels.count {
        let table = Int(levels[position]) * channels
        for c in 0..<channels {
          values[position * channels + c] =
            values[position * channels + c] * scale[table + c] + shift[table + c]
        }
      }
    }
    return output
  }
}

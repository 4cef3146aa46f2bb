internal import CVectorMath

/// The layers of a block.
struct BlockLayers: Sendable {
  let mixIn: IntegerLayer
  let depthwise: DepthwiseLayer
  /// Added to the block's input.
  let mixOut: IntegerLayer
  /// From the sum to twice the width.
  let expand: IntegerLayer
  /// Added to the sum.
  let project: IntegerLayer
}

/// Residual [1x1, leaky ReLU, depthwise 3x3, 1x1], then residual [1x1 to twice the width, leaky ReLU, 1x1].
struct Block: Sendable {
  private let layers: any PreparedBlock
  /// Multiply-adds per position of what looks at neighbours.
  let spatialMultiplyAdds: Int
  /// Multiply-adds per position of the rest.
  let pointwiseMultiplyAdds: Int

  init(
    _ name: String, channels: Int, slope: Float, from file: Safetensors, engine: any LayerEngine
  ) throws(ModelError) {
    /// One of its 1x1 convolutions.
    func layer(
      _ part: String, _ inputs: Int, _ outputs: Int, slope: Float = 1, accumulate: Bool = false
    ) throws(ModelError) -> IntegerLayer {
      try IntegerLayer(
        "\(name).\(part)", inputs: inputs, outputs: outputs, from: file, negativeSlope: slope,
        accumulate: accumulate)
    }
    let wide = 2 * channels
    layers = try engine.prepare(
      BlockLayers(
        mixIn: try layer("mix_in", channels, channels, slope: slope),
        depthwise: try DepthwiseLayer("\(name).depthwise", channels: channels, from: file),
        mixOut: try layer("mix_out", channels, channels, accumulate: true),
        expand: try layer("expand", channels, wide, slope: slope),
        project: try layer("project", wide, channels, accumulate: true)))
    spatialMultiplyAdds = channels * channels + 9 * channels
    pointwiseMultiplyAdds = channels * channels + 2 * channels * wide
  }

  /// The first layer, position by position; its results are added below rows that are held.
  func mix(_ input: TensorSlice, to rows: inout TensorRows) throws(ModelError) {
    precondition(rows.channels == input.channels)
    try rows.append(rows: input.rows) { (output) throws(ModelError) in
      try input.withValues { (values) throws(ModelError) in
        try layers.mix(values, into: output, positions: input.positionCount)
      }
    }
  }

  /// The others, for rows of the input; see `PreparedBlock`.
  func finish(
    _ input: StackedSlices, mixed: TensorSlice, hasRowAbove: Bool,
    hasRowBelow: Bool, positions: [Int]?
  ) throws(ModelError) -> Tensor {
    try layers.run(
      input, mixed: mixed, hasRowAbove: hasRowAbove, hasRowBelow: hasRowBelow,
      positions: positions)
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
  func callAsFunction(_ input: TensorSlice, levels: [UInt8], _ pool: WorkerPool) -> Tensor {
    precondition(levels.count == input.positionCount && input.channels == channels)
    let zeros = [Float](repeating: 0, count: channels)
    return input.withValues { values in
      let values = Disjoint(values)
      return Tensor(rows: input.rows, columns: input.columns, channels: channels, pool: pool) {
        row, target in
        guard let base = values.value.baseAddress else { return }
        for column in 0..<input.columns {
          let position = row * input.columns + column
          apply(
            levels[position], to: base + position * channels, shiftedBy: zeros,
            target + column * channels)
        }
      }
    }
  }

  /// (values + before) * scale + shift for one position; nil stands for zeros.
  func apply(
    _ level: UInt8, to values: UnsafePointer<Float>?, shiftedBy before: UnsafePointer<Float>,
    _ target: UnsafeMutablePointer<Float>
  ) {
    let table = Int(level) * channels
    scale.withUnsafeBufferPointer { scale in
      shift.withUnsafeBufferPointer { shift in
        guard let scale = scale.baseAddress, let shift = shift.baseAddress else { return }
        vector_shift_scale(target, values, before, scale + table, shift + table, channels)
      }
    }
  }
}

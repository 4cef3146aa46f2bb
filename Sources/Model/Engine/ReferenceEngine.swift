/// The layers in plain Swift on one thread: what the fast engine is compared with.
struct ReferenceEngine: LayerEngine {
  func prepare(_ layer: PointwiseLayer) -> any PreparedPointwise { Pointwise(layer: layer) }

  func prepare(_ layer: IntegerLayer) -> any PreparedPointwise { Integer(layer) }

  func prepare(_ layer: DepthwiseLayer) -> any PreparedDepthwise { Depthwise(layer: layer) }

  func prepare(_ layers: BlockLayers) -> any PreparedBlock {
    Block(
      mixIn: Integer(layers.mixIn), depthwise: Depthwise(layer: layers.depthwise),
      mixOut: Integer(layers.mixOut), expand: Integer(layers.expand),
      project: Integer(layers.project))
  }

  /// A block one layer after the other.
  private struct Block: PreparedBlock {
    let mixIn: Integer
    let depthwise: Depthwise
    let mixOut: Integer
    let expand: Integer
    let project: Integer

    func mix(
      _ input: UnsafeBufferPointer<Float>, into output: UnsafeMutableBufferPointer<Float>,
      positions: Int
    ) {
      mixIn.run(input, into: output, positions: positions)
    }

    func run(
      _ input: StackedSlices, mixed: TensorSlice, hasRowAbove: Bool,
      hasRowBelow: Bool, positions: [Int]?
    ) -> Tensor {
      var spatial = depthwise.run(mixed, hasRowAbove: hasRowAbove, hasRowBelow: hasRowBelow)
      var output = input.tensor
      if let positions {
        spatial = spatial.gathered(positions)
        output = output.gathered(positions)
      }
      let count = output.positionCount
      var wide = [Float](repeating: 0, count: count * expand.layer.outputs)
      run(mixOut, spatial.values, &output.values, count)
      run(expand, output.values, &wide, count)
      run(project, wide, &output.values, count)
      return output
    }

    private func run(_ layer: Integer, _ input: [Float], _ output: inout [Float], _ count: Int) {
      input.withUnsafeBufferPointer { input in
        output.withUnsafeMutableBufferPointer { layer.run(input, into: $0, positions: count) }
      }
    }
  }

  private struct Integer: PreparedPointwise {
    let layer: IntegerLayer
    /// [inputs, outputs], so that the inner loop runs over adjacent outputs.
    let transposed: [Int32]

    init(_ layer: IntegerLayer) {
      self.layer = layer
      var transposed = [Int32](repeating: 0, count: layer.weights.count)
      for output in 0..<layer.outputs {
        for input in 0..<layer.inputs {
          transposed[input * layer.outputs + output] = Int32(
            layer.weights[output * layer.inputs + input])
        }
      }
      self.transposed = transposed
    }

    /// The nearest multiple of the scale, as -127...127; what is not a number is -127.
    private func rounded(_ value: Float, _ factor: Float) -> Int32 {
      let multiple = value * factor
      guard multiple > -127 else { return -127 }
      return multiple < 127 ? Int32(multiple.rounded(.toNearestOrEven)) : 127
    }

    func run(
      _ input: UnsafeBufferPointer<Float>, into output: UnsafeMutableBufferPointer<Float>,
      positions: Int
    ) {
      let (inputs, outputs) = (layer.inputs, layer.outputs)
      precondition(input.count == positions * inputs && output.count == positions * outputs)
      var sums = [Int32](repeating: 0, count: outputs)
      for position in 0..<positions {
        let values = UnsafeBufferPointer(
          rebasing: input[position * inputs..<(position + 1) * inputs])
        let largest = values.reduce(0) { abs($1) > $0 ? abs($1) : $0 }
        let factor = 127 / (largest > 1e-30 ? largest : 1e-30)
        let scale = largest / 127
        sums.withUnsafeMutableBufferPointer { sums in
          transposed.withUnsafeBufferPointer { weights in
            for k in 0..<outputs { sums[k] = 0 }
            for i in 0..<inputs {
              let value = rounded(values[i], factor)
              let row = UnsafeBufferPointer(rebasing: weights[i * outputs..<(i + 1) * outputs])
              for k in 0..<outputs { sums[k] &+= value &* row[k] }
            }
          }
        }
        for k in 0..<outputs {
          var value = Float(sums[k]) * layer.scales[k] * scale + layer.bias[k]
          if value < 0 { value *= layer.negativeSlope }
          if layer.accumulate { value += output[position * outputs + k] }
          output[position * outputs + k] = value
        }
      }
    }
  }

  private struct Pointwise: PreparedPointwise {
    let layer: PointwiseLayer
    /// [inputs, outputs], so that the inner loop runs over adjacent outputs.
    let transposed: [Float]

    init(layer: PointwiseLayer) {
      self.layer = layer
      var transposed = [Float](repeating: 0, count: layer.weights.count)
      for output in 0..<layer.outputs {
        for input in 0..<layer.inputs {
          transposed[input * layer.outputs + output] = layer.weights[output * layer.inputs + input]
        }
      }
      self.transposed = transposed
    }

    func run(
      _ input: UnsafeBufferPointer<Float>, into output: UnsafeMutableBufferPointer<Float>,
      positions: Int
    ) {
      let (inputs, outputs) = (layer.inputs, layer.outputs)
      precondition(input.count == positions * inputs && output.count == positions * outputs)
      var sums = [Float](repeating: 0, count: outputs)
      for position in 0..<positions {
        sums.withUnsafeMutableBufferPointer { sums in
          transposed.withUnsafeBufferPointer { weights in
            for k in 0..<outputs { sums[k] = 0 }
            for i in 0..<inputs {
              let value = input[position * inputs + i]
              let row = UnsafeBufferPointer(rebasing: weights[i * outputs..<(i + 1) * outputs])
              for k in 0..<outputs { sums[k] += value * row[k] }
            }
          }
        }
        for k in 0..<outputs {
          let value = sums[k] + layer.bias[k]
          output[position * outputs + k] = value < 0 ? value * layer.negativeSlope : value
        }
      }
    }
  }

  private struct Depthwise: PreparedDepthwise {
    let layer: DepthwiseLayer

    func run(_ slice: TensorSlice, hasRowAbove: Bool, hasRowBelow: Bool) -> Tensor {
      let input = slice.tensor
      let channels = layer.channels
      precondition(input.channels == channels)
      let above = hasRowAbove ? 1 : 0
      let rows = input.rows - above - (hasRowBelow ? 1 : 0)
      var output = Tensor(rows: rows, columns: input.columns, channels: channels)
      for row in 0..<rows {
        for column in 0..<input.columns {
          let target = output.range(row: row, column: column).lowerBound
          for c in 0..<channels { output.values[target + c] = layer.bias[c] }
          for dy in -1...1 where (0..<input.rows).contains(row + above + dy) {
            for dx in -1...1 where (0..<input.columns).contains(column + dx) {
              let source = input.range(row: row + above + dy, column: column + dx).lowerBound
              let tap = (dy + 1) * 3 + dx + 1
              for c in 0..<channels {
                output.values[target + c] += input.values[source + c] * layer.weights[c * 9 + tap]
              }
            }
          }
        }
      }
      return output
    }
  }
}

internal import CGQKernels

/// A learned scale and shift of the features for every level, those of one tuning.
struct LevelScale: Sendable {
  let channels: Int
  /// [levels, channels]
  let scale: [Float]
  /// [levels, channels]
  let shift: [Float]

  init(
    _ name: String, channels: Int, _ c: ModelConfiguration, tuning: Int, from file: Safetensors
  ) throws(ModelError) {
    self.channels = channels
    scale = try file.floats("\(name).scale", columns: channels, c, tuning: tuning)
    shift = try file.floats("\(name).shift", columns: channels, c, tuning: tuning)
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
        gq_shift_scale(target, values, before, scale + table, shift + table, channels)
      }
    }
  }
}

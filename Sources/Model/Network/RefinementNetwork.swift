import GQBitstream
internal import CGQKernels

/// What the magnitudes of a group of coefficients that is decoded tell of the scales of those that follow.
struct RefinementNetwork: Sendable {
  private struct Step: Sendable {
    let stem: Pointwise
    let level: LevelScale
    let head: Pointwise
  }

  private let channels: Int
  private let leading: Int
  private let slope: Float
  /// From the prior's features.
  private let context: Pointwise
  /// One for each group but the last.
  private let steps: [Step]
  private let pool: WorkerPool

  /// Nil for a model whose coefficients are one group.
  init?(
    _ c: ModelConfiguration, _ table: LevelTable, tuning: Int, from file: Safetensors,
    pool: WorkerPool
  ) throws(ModelError) {
    guard table.groupCount > 1 else { return nil }
    self.pool = pool
    (channels, leading, slope) = (c.prior, c.leading, c.slope)
    context = Pointwise(
      try IntegerLayer("refinement.context", inputs: c.prior, outputs: c.prior, from: file),
      pool: pool)
    var steps: [Step] = []
    for k in 0..<table.groupCount - 1 {
      let stem = try IntegerLayer(
        "refinement.stems.\(k)", inputs: c.leading, outputs: c.prior, from: file)
      // Only the last group has coefficients behind the leading ones.
      let width = k == table.groupCount - 2 ? table.width : c.leading
      let head = try IntegerLayer(
        "refinement.heads.\(k)", inputs: c.prior, outputs: width, from: file)
      steps.append(
        Step(
          stem: Pointwise(stem, pool: pool),
          level: try LevelScale(
            "refinement.levels.\(k)", channels: c.prior, c, tuning: tuning, from: file),
          head: Pointwise(head, pool: pool)))
    }
    self.steps = steps
  }

  /// Multiply-adds per position.
  var multiplyAdds: Int {
    steps.reduce(context.multiplyAdds) { $0 + $1.stem.multiplyAdds + $1.head.multiplyAdds }
  }

  /// What the first step begins with, from the prior's features [n, 1, channels].
  func hidden(_ features: Tensor) -> Tensor { context(features) }

  /// Changes the scales of the groups that follow, and `hidden`.
  ///
  /// - Parameters:
  ///   - prediction: whose group was decoded.
  ///   - values: that group's coefficients, [n, width], in units of their scales and compressed.
  func callAsFunction(_ prediction: inout PhasePrediction, _ values: [Float], _ table: LevelTable) {
    let step = steps[prediction.group]
    let (levels, phase, group) = (prediction.levels, prediction.phase, prediction.group)
    let (channels, leading, width, slope) = (channels, leading, table.width, slope)
    let magnitudes = Tensor(rows: levels.count, columns: 1, channels: leading, pool: pool) {
      row, target in
      target.update(repeating: 0, count: leading)
      for c in table.group(group, levels[row], phase).span.clamped(to: 0..<leading) {
        target[c] = abs(values[row * width + c])
      }
    }
    let seen = step.stem(magnitudes)
    let before = prediction.hidden
    let zeros = [Float](repeating: 0, count: channels)
    var activated = [Float](unfilled: levels.count * channels)
    prediction.hidden = activated.withUnsafeMutableBufferPointer { activated in
      let activated = Disjoint(activated)
      return Tensor(rows: levels.count, columns: 1, channels: channels, pool: pool) {
        row, target in
        let first = row * channels
        seen.values.withUnsafeBufferPointer { seen in
          guard let seen = seen.baseAddress else { return }
          step.level.apply(levels[row], to: seen + first, shiftedBy: zeros, target)
        }
        before.values.withUnsafeBufferPointer { before in
          for c in 0..<channels {
            target[c] += before[first + c]
            activated.value[first + c] = target[c] < 0 ? target[c] * slope : target[c]
          }
        }
      }
    }
    let added = step.head(
      Tensor(rows: levels.count, columns: 1, channels: channels, values: activated))
    prediction.unboundedScale.withUnsafeMutableBufferPointer { scale in
      guard let base = scale.baseAddress else { return }
      let scale = Disjoint(base)
      let count = added.channels
      pool.forEachPart(of: levels.count, length: 64) { part in
        for row in part {
          for c in 0..<count { scale.value[row * width + c] += added.values[row * count + c] }
        }
      }
    }
  }
}

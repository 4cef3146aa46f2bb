import GQBitstream
internal import CGQKernels

/// Predicts from the energies of the linear skip connection's latents what distortion each level would leave at every position.
struct PredictorNetwork: Sendable {
  private let mixIn: Pointwise
  private let depthwise: DepthwiseKernel
  private let mixOut: Pointwise
  /// [phases, channels]: later phases have more decoded neighbours to be predicted from.
  private let phase: [Float]
  private let slope: Float
  private let head: Pointwise
  private let pool: WorkerPool

  init(
    _ c: ModelConfiguration, tuning: Int, from file: Safetensors, pool: WorkerPool
  ) throws(ModelError) {
    self.pool = pool
    mixIn = Pointwise(
      try PointwiseLayer(
        "predictor.mix_in", inputs: c.latents, outputs: c.predictor, from: file,
        negativeSlope: c.slope), pool: pool)
    depthwise = DepthwiseKernel(
      try DepthwiseLayer("predictor.depthwise", channels: c.predictor, from: file), pool: pool)
    mixOut = Pointwise(
      try PointwiseLayer(
        "predictor.mix_out", inputs: c.predictor, outputs: c.predictor, from: file),
      pool: pool)
    phase = try file.floats(
      "predictor.phase", shape: [CodingPhase.allCases.count, c.predictor])
    slope = c.slope
    // The outputs of all tunings stand one after the other.
    let (count, all) = (c.levels.count, c.levels.count * c.tunings.count)
    let own = tuning * count..<(tuning + 1) * count
    head = Pointwise(
      PointwiseLayer(
        inputs: c.predictor, outputs: count,
        weights: try file.floats("predictor.head.weight", shape: [all, c.predictor], rows: own),
        bias: try file.floats("predictor.head.bias", shape: [all], rows: own)),
      pool: pool)
  }

  /// Multiply-adds per pixel.
  var cost: Double {
    Double(
      mixIn.multiplyAdds + 9 * mixIn.outputs + mixOut.multiplyAdds + head.multiplyAdds) / 256
  }

  /// A predictor for a grid of this many columns.
  func stream(columns: Int, outside: OutsidePositions?) -> Stream {
    Stream(self, columns: columns, outside: outside)
  }

  /// Takes rows of latents from above to below and gives what is predicted for them as soon as it is known.
  struct Stream {
    private let network: PredictorNetwork
    private let columns: Int
    private let outside: OutsidePositions?
    /// What the convolution sees: rows that wait and the one above them.
    private var mixed: TensorRows
    /// The row that comes next.
    private var next = 0

    init(_ network: PredictorNetwork, columns: Int, outside: OutsidePositions?) {
      self.network = network
      self.outside = outside
      self.columns = columns
      mixed = TensorRows(columns: columns, channels: network.mixIn.outputs)
    }

    /// Mean squared errors [m, w, levels] from latents [n, w, latents]: in all as many rows, after the last ones all of
    /// them.
    mutating func push(_ latents: TensorSlice, isLast: Bool) -> Tensor {
      let first = mixed.rows.upperBound
      network.mixIn.append(TensorSlice(network.energies(latents)), to: &mixed)
      outside?.clear(&mixed, from: first)
      let end = isLast ? mixed.rows.upperBound : max(next, mixed.rows.upperBound - 1)
      guard end > next else {
        return Tensor(rows: 0, columns: columns, channels: network.head.outputs)
      }
      let above = next > 0 ? 1 : 0
      let spatial = network.depthwise.run(
        mixed.slice(next - above..<(isLast ? end : end + 1)), hasRowAbove: above == 1,
        hasRowBelow: !isLast)
      let h = network.addingPhases(network.mixOut(spatial), firstRow: next)
      mixed.drop(before: end - 1)
      next = end
      var result = network.head(h)
      result.withParts(network.pool) { gq_exp($0.baseAddress, $0.count) }
      return result
    }
  }

  private func energies(_ latents: TensorSlice) -> Tensor {
    latents.withValues { values in
      let values = Disjoint(values)
      return Tensor(
        rows: latents.rows, columns: latents.columns, channels: latents.channels, pool: pool
      ) { row, target in
        let length = latents.columns * latents.channels
        for k in 0..<length {
          let value = values.value[row * length + k]
          target[k] = value * value + 1e-3
        }
        gq_log(target, length)
        for k in 0..<length { target[k] *= 0.25 }
      }
    }
  }

  private func addingPhases(_ h: Tensor, firstRow: Int) -> Tensor {
    TensorSlice(h).withValues { values in
      let values = Disjoint(values)
      return Tensor(rows: h.rows, columns: h.columns, channels: h.channels, pool: pool) {
        row, target in
        for column in 0..<h.columns {
          let bias = CodingPhase(row: firstRow + row, column: column).rawValue * h.channels
          let first = column * h.channels
          for c in 0..<h.channels {
            let value = values.value[row * h.columns * h.channels + first + c] + phase[bias + c]
            target[first + c] = value < 0 ? slope * value : value
          }
        }
      }
    }
  }
}

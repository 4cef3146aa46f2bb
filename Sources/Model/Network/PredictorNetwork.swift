import Bitstream

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// Predicts from the energies of the linear path's latents what distortion each level would leave at every position.
struct PredictorNetwork: Sendable {
  private let mixIn: Pointwise
  private let depthwise: any PreparedDepthwise
  private let mixOut: Pointwise
  /// [phases, channels]: later phases have more decoded neighbours to be predicted from.
  private let phase: [Float]
  private let slope: Float
  private let head: Pointwise

  init(
    _ c: ModelConfiguration, from file: Safetensors, engine: any LayerEngine
  ) throws(ModelError) {
    mixIn = try Pointwise(
      PointwiseLayer(
        "predictor.mix_in", inputs: c.latents, outputs: c.predictor, from: file,
        negativeSlope: c.slope), engine: engine)
    depthwise = try engine.prepare(
      DepthwiseLayer("predictor.depthwise", channels: c.predictor, from: file))
    mixOut = try Pointwise(
      PointwiseLayer(
        "predictor.mix_out", inputs: c.predictor, outputs: c.predictor, from: file),
      engine: engine)
    phase = try file.floats(
      "predictor.phase", shape: [CodingPhase.allCases.count, c.predictor])
    slope = c.slope
    head = try Pointwise(
      PointwiseLayer("predictor.head", inputs: c.predictor, outputs: c.levels.count, from: file),
      engine: engine)
  }

  /// Multiply-adds per pixel.
  var cost: Double {
    Double(
      mixIn.multiplyAdds + 9 * mixIn.outputs + mixOut.multiplyAdds + head.multiplyAdds) / 256
  }

  /// A predictor for a grid of this many columns.
  func stream(columns: Int) -> Stream { Stream(self, columns: columns) }

  /// Takes rows of latents from above to below and gives what is predicted for them as soon as it is known.
  struct Stream {
    private let network: PredictorNetwork
    private let columns: Int
    /// What the convolution sees: rows that wait and the one above them.
    private var mixed: TensorRows
    /// The row that comes next.
    private var next = 0

    init(_ network: PredictorNetwork, columns: Int) {
      self.network = network
      self.columns = columns
      mixed = TensorRows(columns: columns, channels: network.mixIn.outputs)
    }

    /// Natural logarithms of mean squared errors [m, w, levels] from latents [n, w, latents]: in all as many rows, after
    /// the last ones all of them.
    mutating func push(_ latents: Tensor, isLast: Bool) throws(ModelError) -> Tensor {
      var energies = latents
      for k in energies.values.indices {
        energies.values[k] = 0.25 * logf(latents.values[k] * latents.values[k] + 1e-3)
      }
      mixed.append(try network.mixIn(energies))
      let end = isLast ? mixed.rows.upperBound : max(next, mixed.rows.upperBound - 1)
      guard end > next else {
        return Tensor(rows: 0, columns: columns, channels: network.head.outputs)
      }
      let above = next > 0 ? 1 : 0
      let spatial = try network.depthwise.run(
        mixed[next - above..<(isLast ? end : end + 1)], hasRowAbove: above == 1,
        hasRowBelow: !isLast)
      var h = try network.mixOut(spatial)
      network.addPhases(to: &h, firstRow: next)
      mixed.drop(before: end - 1)
      next = end
      return try network.head(h)
    }
  }

  private func addPhases(to h: inout Tensor, firstRow: Int) {
    let (columns, channels) = (h.columns, h.channels)
    for position in 0..<h.positionCount {
      let (row, column) = position.quotientAndRemainder(dividingBy: columns)
      let bias = CodingPhase(row: firstRow + row, column: column).rawValue * channels
      for c in 0..<channels {
        let value = h.values[position * channels + c] + phase[bias + c]
        h.values[position * channels + c] = value < 0 ? slope * value : value
      }
    }
  }
}

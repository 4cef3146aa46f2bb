import GQBitstream

/// The wavefront schedule of a grid's latents: phases band by band, as encoder and decoder both take them.
///
/// A band is a number of rows. A prediction looks a few rows up and down at latents of earlier phases, so a phase of a
/// band follows the phase before it of the band below: at every step one more band begins, and the bands above it get
/// their next phase. Latents are the same whatever the bands.
package struct WavefrontSchedule {
  /// The rows of each band, from above to below.
  package let bands: [Range<Int>]

  private let network: Network
  private let rows: Int
  private let columns: Int
  /// The level of every position.
  private let levels: [UInt8]
  private let outside: OutsidePositions?
  /// Decoded latents [n, latents] of the phases of bands that are not done.
  private var decoded: [Int: [(positions: [Int], latents: [Float])]] = [:]
  /// What decoded latents contribute to predictions.
  private var features: TensorRows
  private var step = 0
  private let keepsLatents: Bool
  /// Latents that are zero throughout.
  private let cleared: [Int]

  /// A schedule for a grid.
  ///
  /// - Parameters:
  ///   - network: predicts and transforms.
  ///   - rows: rows of the grid.
  ///   - columns: columns of the grid.
  ///   - levels: a level for each position, row-major.
  ///   - bandRows: rows of a band, an even number of at least 4; nil for one band.
  ///   - keepsLatents: whether `advance` returns latents; an encoder has no use for them.
  ///   - isGrey: whether latents of chroma are zero.
  ///   - outside: of the grid.
  package init(
    network: Network, rows: Int, columns: Int, levels: [UInt8],
    outside: OutsidePositions? = nil, bandRows: Int? = nil,
    keepsLatents: Bool = true, isGrey: Bool = false
  ) {
    cleared = isGrey ? network.chroma : []
    self.keepsLatents = keepsLatents
    let height = bandRows ?? rows
    precondition(levels.count == rows * columns)
    precondition(height >= rows || (height % 2 == 0 && height >= network.prior.reach))
    self.network = network
    self.rows = rows
    self.columns = columns
    self.levels = levels
    self.outside = outside
    bands = stride(from: 0, to: rows, by: height).map { $0..<min(rows, $0 + height) }
    features = TensorRows(columns: columns, channels: network.configuration.prior)
  }

  /// The band that begins with the next call of `advance`, if one does.
  package var nextBand: Range<Int>? { step < bands.count ? bands[step] : nil }

  /// The rows whose phases are all decoded, from the first on.
  package private(set) var finishedRows = 0

  /// Whether all latents are decoded.
  package var isFinished: Bool { step == bands.count + CodingPhase.allCases.count - 1 }

  /// Takes a step.
  ///
  /// - Parameters:
  ///   - correct: may change the latents [n, latents] of a phase once they are decoded.
  ///   - code: is called for a phase of a band with its prediction, group by group, and returns the decoded coefficients of the group
  ///     in units of their scales, [n, width], zeros elsewhere.
  /// - Returns: the decoder's input for the rows that this step finished, [rows, columns, latents]; nil for none.
  @discardableResult package mutating func advance<Failure: Error>(
    correct: ((PhasePrediction, inout [Float]) -> Void)? = nil,
    code: (PhasePrediction) throws(Failure) -> [Float]
  ) throws(Failure) -> Tensor? {
    if let band = nextBand {
      features.extend(to: min(rows, band.upperBound + network.prior.reach))
    }
    for phase in CodingPhase.allCases {
      let band = step - phase.rawValue
      guard bands.indices.contains(band) else { continue }
      guard var prediction = predict(phase, bands[band]) else { continue }
      var coefficients = [Float](unfilled: prediction.positions.count * network.levels.width)
      for group in 0..<network.levels.groupCount {
        prediction.group = group
        network.transform.setScales(&prediction)
        let values = try code(prediction)
        network.transform.denormalize(values, prediction, to: &coefficients)
        if group + 1 < network.levels.groupCount {
          network.refinement?(&prediction, values, network.levels)
        }
      }
      var latents = network.transform.synthesize(coefficients, prediction)
      correct?(prediction, &latents)
      clear(&latents, channels: network.configuration.latents)
      if keepsLatents {
        decoded[band, default: []].append((prediction.positions, latents))
      }
      if phase != .fourth {
        let part = Tensor(
          rows: 1, columns: prediction.positions.count,
          channels: network.configuration.latents, values: latents)
        features.store(network.prior.features(part).values, at: prediction.positions)
      }
    }
    let done = step - CodingPhase.fourth.rawValue
    step += 1
    guard bands.indices.contains(done) else { return nil }
    finishedRows = bands[done].upperBound
    features.drop(before: firstRow(for: bands[done].upperBound))
    guard keepsLatents else { return nil }
    return joined(decoded.removeValue(forKey: done) ?? [], bands[done])
  }

  /// The latents of a band from those of its phases, which hold each position once.
  private func joined(
    _ parts: [(positions: [Int], latents: [Float])], _ band: Range<Int>
  ) -> Tensor {
    let (channels, first) = (network.configuration.latents, band.lowerBound * columns)
    var values = [Float](unfilled: band.count * columns * channels)
    values.withUnsafeMutableBufferPointer { values in
      guard let base = values.baseAddress else { return }
      let target = Disjoint(base)
      for (positions, latents) in parts {
        latents.withUnsafeBufferPointer { latents in
          guard let base = latents.baseAddress else { return }
          let source = Disjoint(base)
          network.pool.forEachPart(of: positions.count, length: 32) { part in
            for k in part {
              (target.value + (positions[k] - first) * channels).update(
                from: source.value + k * channels, count: channels)
            }
          }
        }
      }
    }
    return Tensor(rows: band.count, columns: columns, channels: channels, values: values)
  }

  /// Makes zero what grey pictures do not have of [n, channels], the first latents.
  private func clear(_ values: inout [Float], channels: Int) {
    for latent in cleared where latent < channels {
      for k in stride(from: latent, to: values.count, by: channels) { values[k] = 0 }
    }
  }

  private func predict(_ phase: CodingPhase, _ band: Range<Int>) -> PhasePrediction? {
    let positions = phase.positions(rows: band, columns: columns)
    if positions.isEmpty { return nil }
    let first = firstRow(for: band.lowerBound)
    let around = first..<min(rows, band.upperBound + network.prior.reach)
    var predicted = network.prior(
      features.slice(around),
      levels: levels[around.lowerBound * columns..<around.upperBound * columns],
      phase: phase, inner: band.lowerBound - first..<band.upperBound - first,
      outside: outside?.cropped(rows: around))
    clear(&predicted.mean, channels: network.configuration.leading)
    let count = predicted.scale.count
    return PhasePrediction(
      phase: phase, positions: positions, levels: positions.map { levels[$0] },
      mean: predicted.mean, scale: [Float](unfilled: count),
      logVarianceOffsets: [Float](unfilled: count),
      unboundedScale: predicted.scale,
      hidden: network.refinement?.hidden(predicted.features) ?? predicted.features)
  }

  /// The first of the rows that predictions from row `row` on look at, made even.
  private func firstRow(for row: Int) -> Int { max(0, row - network.prior.reach) / 2 * 2 }
}

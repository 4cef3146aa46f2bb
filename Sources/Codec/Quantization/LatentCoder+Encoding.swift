import GQBitstream
import GaussianQuant
import GQModel

extension LatentCoder {
  /// Codes latents whose rows come from above to below. Inverse: `decode`.
  final class Encoding {
    private let coder: LatentCoder
    private var schedule: WavefrontSchedule
    /// Latents that have come and are not coded.
    private var source: TensorRows
    /// The path of each segment.
    private var paths: [TilePath]
    /// The codes of every position, until they are packed.
    private var codes: [[UInt32]]
    private var segments: [[UInt8]]

    /// - Parameter keepsLatents: whether `push` and `finish` pass on what a decoder will have.
    init(
      _ coder: LatentCoder, bandPositions: Int = LatentCoder.bandPositions, keepsLatents: Bool
    ) {
      self.coder = coder
      let grid = coder.grid
      schedule = WavefrontSchedule(
        network: coder.network, rows: grid.rows, columns: grid.columns, levels: coder.levels,
        outside: coder.outside,
        bandRows: coder.bandRows(positions: bandPositions, columns: grid.columns),
        keepsLatents: keepsLatents, isGrey: coder.isGrey)
      source = TensorRows(
        columns: grid.columns, channels: coder.network.configuration.latents)
      paths = Array(repeating: TilePath(), count: coder.packing.layout.segments.count)
      codes = Array(repeating: [], count: grid.positionCount)
      segments = Array(repeating: [], count: coder.packing.layout.segments.count)
    }

    /// Takes rows of the encoder's latents, codes what can be coded, and passes on rows of decoded latents.
    func push(_ latents: Tensor, _ body: (Tensor) -> Void) throws(GaussianQuantError) {
      source.append(coder.isGrey ? coder.withoutChroma(latents) : latents)
      while let band = schedule.nextBand, band.upperBound <= source.rows.upperBound {
        try step(body)
      }
    }

    /// Codes the rest once all rows have come; the segments of the file.
    func finish(_ body: (Tensor) -> Void) throws(GaussianQuantError) -> [[UInt8]] {
      while !schedule.isFinished { try step(body) }
      return segments
    }

    private func step(_ body: (Tensor) -> Void) throws(GaussianQuantError) {
      let layout = coder.packing.layout
      // Of the phase whose groups are being coded.
      var source: [Float] = []
      var posterior = Posterior(levels: [], width: 0)
      let latents = try schedule.advance { (prediction) throws(GaussianQuantError) in
        let tiles = layout.tiles(of: prediction.positions, gridColumns: coder.grid.columns)
        let members = coder.phaseTiles(prediction, tiles: tiles)
        if prediction.group == 0 {
          source = coder.network.coefficients(of: self.source, prediction)
          posterior = Posterior(levels: prediction.levels, width: coder.network.levels.width)
          for position in prediction.positions { codes[position] = [] }
        }
        coder.set(&posterior, source, prediction, members)
        // Where each phase has a checksum of its own it has a path too, so that one can be read without the others.
        let segments = layout.segments(of: tiles, prediction.phase)
        var own = Array(paths[segments])
        let (values, found) = try coder.quantizer.quantize(
          posterior, prediction.phase, group: prediction.group, tiles: members, paths: &own)
        paths.replaceSubrange(segments, with: own)
        for (position, code) in zip(prediction.positions, found) { codes[position] += code }
        return coder.dequantized(values, prediction)
      }
      let rows = self.source.rows.lowerBound..<schedule.finishedRows
      let columns = coder.grid.columns
      let positions = rows.lowerBound * columns..<rows.upperBound * columns
      for tile in layout.tiles(of: positions, gridColumns: columns) {
        for segment in layout.segments(ofTile: tile) {
          segments[segment] = coder.packing.pack(
            layout.segments[segment], start: paths[segment].start ?? 0
          ) { codes[$0] }
        }
      }
      for position in positions { codes[position] = [] }
      self.source.drop(before: rows.upperBound)
      if let latents { body(latents) }
    }
  }

  /// What stands in for codewords when the error of levels is measured.
  enum Noise {
    /// Noise of the error that codewords are expected to make.
    case expectedError
    /// A sample of the posterior itself.
    case posteriorSample
  }

  /// The decoder's input if noise stood in for codewords; each `draw` is other noise.
  func simulate(_ features: EncoderFeatures, _ noise: Noise, draw: Int = 0) throws -> Tensor {
    let latents = try network.latents(features, levels: levels, outside: outside)
    let source = TensorRows(isGrey ? withoutChroma(latents) : latents)
    // Any table of normal numbers will do; this one repeats exactly.
    let normal = try Trellis(stateBitCount: 12).values
    var count = UInt32(draw) << 28
    var coefficients: [Float] = []
    var posterior = Posterior(levels: [], width: 0)
    return network.decodedLatents(
      rows: grid.rows, columns: grid.columns, levels: levels, outside: outside, isGrey: isGrey
    ) { prediction in
      let tiles = phaseTiles(prediction, tiles: packing.layout.tiles.indices)
      if prediction.group == 0 {
        coefficients = network.coefficients(of: source, prediction)
        posterior = Posterior(levels: prediction.levels, width: network.levels.width)
      }
      set(&posterior, coefficients, prediction, tiles)
      var values = posterior.means
      for (k, level) in prediction.levels.enumerated() {
        for band in network.levels.group(prediction.group, level, prediction.phase).bands {
          let error = noise == .expectedError ? band.codeError : 1
          for c in band.coefficients {
            let place = k * network.levels.width + c
            count &+= 1
            let draw = normal[Int((count &* 0x9E37_79B1) >> 20)]
            values[place] += (posterior.variances[place] * error).squareRoot() * draw
          }
        }
      }
      return dequantized(values, prediction)
    }
  }

  /// Sets the posteriors of the prediction's group, of a phase's coefficients [n, width].
  private func set(
    _ posterior: inout Posterior, _ coefficients: [Float], _ prediction: PhasePrediction,
    _ tiles: [[Int]]
  ) {
    posterior.set(
      network.normalized(coefficients, prediction),
      logVarianceOffsets: prediction.logVarianceOffsets,
      groups: DivergenceGroup.tiles(
        levels: prediction.levels, prediction.phase, group: prediction.group,
        tiles: hasPositionsAlone ? tiles.joined().map { [$0] } : tiles, table: network.levels),
      limit: SoftLimit(network.configuration), pool: network.pool)
  }
}

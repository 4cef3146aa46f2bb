import Bitstream
import GaussianQuant
import Model

/// Codes the latents of a picture phase by phase, and decodes them.
struct LatentCoder {
  let network: Network
  let quantizer: any CoefficientQuantizer
  let packing: CodePacking
  let grid: LatentGrid
  /// Whether every position's divergence is its own bits, so that its error does not depend on other positions'
  /// levels: for measuring levels. Files are coded with the divergence exact for tiles.
  let hasPositionsAlone: Bool

  init(
    network: Network, quantizer: any CoefficientQuantizer, header: Header, levelMap: LevelMap,
    order: CodeOrder = .tiles, hasPositionsAlone: Bool = false
  ) {
    self.hasPositionsAlone = hasPositionsAlone
    self.network = network
    self.quantizer = quantizer
    grid = LatentGrid(rows: levelMap.rows, columns: levelMap.columns)
    packing = CodePacking(
      layout: TileLayout(
        header: header, ladder: LevelLadder(network.levels), levelMap: levelMap, order: order),
      columns: levelMap.columns, levels: levelMap.levels, codeWidths: quantizer.codeWidths)
  }

  private var levels: [UInt8] { packing.levels }

  /// What stands in for codewords when the error of levels is measured.
  enum Noise {
    /// Noise of the error that codewords are expected to make.
    case expectedError
    /// A sample of the posterior itself.
    case posteriorSample
  }

  /// The decoder's input and the segments of a file. Inverse: `decode`.
  func encode(_ features: EncoderFeatures) throws -> (latents: Tensor, segments: [[UInt8]]) {
    let source = try network.latents(features, levels: levels)
    var states = [UInt32](repeating: 0, count: packing.layout.tiles.count)
    var codes = [[UInt32]](repeating: [], count: grid.positionCount)
    let latents = try network.decodedLatents(
      rows: grid.rows, columns: grid.columns, levels: levels
    ) { prediction in
      let tiles = phaseTiles(prediction)
      resetStates(&states)
      let (values, found) = quantizer.quantize(
        try posterior(source, prediction, tiles), tiles: tiles, states: &states)
      for (position, code) in zip(prediction.positions, found) { codes[position] = code }
      return shrunk(values, prediction)
    }
    return (latents, packing.pack(codes))
  }

  /// The decoder's input from the segments of a file, nil for those that are lost. Inverse of `encode`.
  ///
  /// Lost coefficients are zero, so that latents are what the prior expects; in the first phase, in which it knows
  /// nothing of the picture, latents are drawn from intact positions around.
  func decode(_ segments: [[UInt8]?]) throws -> Tensor {
    let codes = try packing.unpack(segments)
    let lost = lostPositions(segments)
    let hasLost = lost.contains(true)
    var states = [UInt32](repeating: 0, count: packing.layout.tiles.count)
    return try network.decodedLatents(
      rows: grid.rows, columns: grid.columns, levels: levels,
      correct: { prediction, latents in
        guard hasLost, prediction.phase == .first else { return }
        Concealment(grid: grid, lost: lost).fill(&latents, prediction.positions)
      }
    ) { prediction in
      let tiles = phaseTiles(prediction)
      resetStates(&states)
      var values = quantizer.decode(
        prediction.positions.map { codes[$0] }, levels: prediction.levels, tiles: tiles,
        states: &states)
      if hasLost {
        let width = network.levels.width
        for (k, position) in prediction.positions.enumerated() where lost[position] {
          for c in 0..<width { values[k * width + c] = 0 }
        }
      }
      return shrunk(values, prediction)
    }
  }

  /// For every position whether its codes are lost; where nothing is sent nothing can be.
  private func lostPositions(_ segments: [[UInt8]?]) -> [Bool] {
    var lost = [Bool](repeating: false, count: grid.positionCount)
    for (segment, bytes) in zip(packing.layout.segments, segments) where bytes == nil {
      for position in packing.layout.positions(of: segment, gridColumns: packing.columns) {
        lost[position] = network.levels.bits[Int(levels[position])] > 0
      }
    }
    return lost
  }

  /// Paths begin anew with every phase where each has a checksum of its own, so that one can be read without the
  /// others.
  private func resetStates(_ states: inout [UInt32]) {
    if packing.layout.order == .phases { for tile in states.indices { states[tile] = 0 } }
  }

  /// The decoder's input if noise stood in for codewords; each `draw` is other noise.
  func simulate(_ features: EncoderFeatures, _ noise: Noise, draw: Int = 0) throws -> Tensor {
    let source = try network.latents(features, levels: levels)
    // Any table of normal numbers will do; this one repeats exactly.
    let normal = try Trellis(stateBitCount: 12).values
    var count = UInt32(draw) << 28
    return try network.decodedLatents(rows: grid.rows, columns: grid.columns, levels: levels) {
      prediction in
      let tiles = phaseTiles(prediction)
      let posterior = try posterior(source, prediction, tiles)
      var values = posterior.means
      for (k, level) in prediction.levels.enumerated() {
        for run in network.levels.levels[Int(level)] {
          let error = noise == .expectedError ? run.codeError : 1
          for c in run.coefficients {
            let place = k * network.levels.width + c
            count &+= 1
            let draw = normal[Int((count &* 0x9E37_79B1) >> 20)]
            values[place] += (posterior.variances[place] * error).squareRoot() * draw
          }
        }
      }
      return shrunk(values, prediction)
    }
  }

  private func posterior(_ source: Tensor, _ prediction: PhasePrediction, _ tiles: [[Int]]) throws
    -> Posterior
  {
    Posterior(
      try network.coefficients(of: source, prediction), tilts: prediction.tilts,
      levels: prediction.levels,
      groups: quantizer.groups(
        levels: prediction.levels,
        tiles: hasPositionsAlone ? tiles.joined().map { [$0] } : tiles),
      bound: network.configuration.latentBound, pool: network.pool)
  }

  private func phaseTiles(_ prediction: PhasePrediction) -> [[Int]] {
    packing.tiles(of: prediction.phase, positions: prediction.positions)
  }

  /// The best estimates of coefficients from codeword values [n, width]: times sqrt(1 - v), with the posterior
  /// variances v that coefficients of mean square 1 would have.
  ///
  /// Here each position's divergence is its own bits: what is wrong in the prediction of one does not reach others.
  private func shrunk(_ values: [Float], _ prediction: PhasePrediction) -> [Float] {
    let groups = DivergenceGroup.tiles(
      levels: prediction.levels, tiles: prediction.positions.indices.map { [$0] },
      table: network.levels)
    var result = values
    result.withUnsafeMutableBufferPointer { result in
      let result = Disjoint(result)
      network.pool.forEach(groups.count) { index in
        let offset = groups[index].offset(coefficients: nil, tilts: prediction.tilts)
        for k in groups[index].places.joined() {
          let rest = ExactDivergence.variance(offset: offset, tilt: prediction.tilts[k]).rest
          result.value[k] *= rest.squareRoot()
        }
      }
    }
    return result
  }
}

extension LevelLadder {
  /// The ladder of a model's levels, which were checked when it was loaded.
  init(_ table: LevelTable) {
    guard let ladder = LevelLadder(bits: table.bits) else {
      preconditionFailure("a model's levels make a ladder")
    }
    self = ladder
  }
}

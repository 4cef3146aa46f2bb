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
    hasPositionsAlone: Bool = false
  ) {
    self.hasPositionsAlone = hasPositionsAlone
    self.network = network
    self.quantizer = quantizer
    grid = LatentGrid(rows: levelMap.rows, columns: levelMap.columns)
    packing = CodePacking(
      layout: TileLayout(
        header: header, ladder: LevelLadder(network.levels), levelMap: levelMap),
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

  /// The decoder's input and the tiles of a file. Inverse: `decode`.
  func encode(_ features: EncoderFeatures) throws -> (latents: Tensor, tiles: [[UInt8]]) {
    let source = try network.latents(features, levels: levels)
    var states = [UInt32](repeating: 0, count: packing.layout.tiles.count)
    var codes = [[UInt32]](repeating: [], count: grid.positionCount)
    let latents = try network.decodedLatents(
      rows: grid.rows, columns: grid.columns, levels: levels
    ) { prediction in
      let tiles = phaseTiles(prediction)
      let (values, found) = quantizer.quantize(
        try posterior(source, prediction, tiles), tiles: tiles, states: &states)
      for (position, code) in zip(prediction.positions, found) { codes[position] = code }
      return shrunk(values, prediction, tiles)
    }
    return (latents, packing.pack(codes))
  }

  /// The decoder's input from the tiles of a file. Inverse of `encode`.
  func decode(_ tiles: [[UInt8]]) throws -> Tensor {
    let codes = try packing.unpack(tiles)
    var states = [UInt32](repeating: 0, count: tiles.count)
    return try network.decodedLatents(rows: grid.rows, columns: grid.columns, levels: levels) {
      prediction in
      let tiles = phaseTiles(prediction)
      let values = quantizer.decode(
        prediction.positions.map { codes[$0] }, levels: prediction.levels, tiles: tiles,
        states: &states)
      return shrunk(values, prediction, tiles)
    }
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
      return shrunk(values, prediction, tiles)
    }
  }

  private func posterior(_ source: Tensor, _ prediction: PhasePrediction, _ tiles: [[Int]]) throws
    -> Posterior
  {
    Posterior(
      try network.coefficients(of: source, prediction), tilts: prediction.tilts,
      levels: prediction.levels,
      groups: quantizer.groups(
        levels: prediction.levels, tiles: exactTiles(tiles)),
      bound: network.configuration.latentBound, pool: network.pool)
  }

  private func phaseTiles(_ prediction: PhasePrediction) -> [[Int]] {
    packing.tiles(of: prediction.phase, positions: prediction.positions)
  }

  /// The sets of positions whose divergence is exact.
  private func exactTiles(_ tiles: [[Int]]) -> [[Int]] {
    hasPositionsAlone ? tiles.joined().map { [$0] } : tiles
  }

  /// The best estimates of coefficients from codeword values [n, width]: times sqrt(1 - v), with the posterior
  /// variances v that coefficients of mean square 1 would have.
  private func shrunk(
    _ values: [Float], _ prediction: PhasePrediction, _ tiles: [[Int]]
  ) -> [Float] {
    let groups = DivergenceGroup.tiles(
      levels: prediction.levels, tiles: exactTiles(tiles), table: network.levels)
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

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

  var levels: [UInt8] { packing.levels }

  /// Rows of positions that are worked on at a time: whole rows of tiles, about as many positions as asked for.
  func bandRows(positions: Int, columns: Int) -> Int {
    let unit = max(packing.layout.tileRows, (network.configuration.priorBlocks + 1) / 2 * 2)
    return (positions + unit * columns - 1) / (unit * columns) * unit
  }

  /// Positions of a band unless told otherwise: pictures of about a megapixel are worked on as a whole.
  static let bandPositions = 4096

  /// For each tile the places of its positions among those of a prediction.
  func phaseTiles(_ prediction: PhasePrediction, tiles: Range<Int>) -> [[Int]] {
    packing.tiles(tiles, of: prediction.phase, positions: prediction.positions)
  }

  /// The best estimates of coefficients from codeword values [n, width]: times sqrt(1 - v), with the posterior
  /// variances v that coefficients of mean square 1 would have.
  ///
  /// Here each position's divergence is its own bits: what is wrong in the prediction of one does not reach others.
  func shrunk(_ values: [Float], _ prediction: PhasePrediction) -> [Float] {
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

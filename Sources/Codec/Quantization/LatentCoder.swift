import GQBitstream
import GaussianQuant
import GQModel

/// Codes the latents of a picture phase by phase, and decodes them.
struct LatentCoder {
  let network: Network
  let quantizer: TrellisQuantizer
  let packing: CodePacking
  let grid: LatentGrid
  /// Whether every position's divergence is its own bits, so that its error does not depend on other positions'
  /// levels: for measuring levels. Files are coded with the divergence exact for tiles.
  let hasPositionsAlone: Bool
  /// Whether the picture has no chroma.
  let isGrey: Bool
  /// Graphics that the network does not see.
  let outside: OutsidePositions?

  init(
    network: Network, quantizer: TrellisQuantizer, header: Header, levelMap: LevelMap,
    outside: OutsidePositions? = nil, order: CodeOrder = .tiles, hasPositionsAlone: Bool = false
  ) {
    self.outside = outside
    self.hasPositionsAlone = hasPositionsAlone
    self.network = network
    isGrey = header.colorType.isGrey
    self.quantizer = quantizer
    grid = LatentGrid(rows: levelMap.rows, columns: levelMap.columns)
    packing = CodePacking(
      layout: TileLayout(
        header: header, rateTable: RateTable(network.levels), levelMap: levelMap, order: order),
      columns: levelMap.columns, levels: levelMap.levels, codes: quantizer.table.codes)
  }

  var levels: [UInt8] { packing.levels }

  /// Latents whose chroma is zero.
  func withoutChroma(_ latents: Tensor) -> Tensor {
    var latents = latents
    for latent in network.chroma {
      for k in stride(from: latent, to: latents.values.count, by: latents.channels) {
        latents.values[k] = 0
      }
    }
    return latents
  }

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

  /// The best estimates of the coefficients of the prediction's group from codeword values [n, width]: times sqrt(1 - v), with the posterior
  /// variances v that coefficients of mean square 1 would have. Zeros for those between that are not sent; without meaning elsewhere.
  ///
  /// Here each position's divergence is its own bits: what is wrong in the prediction of one does not reach others.
  func dequantized(_ values: [Float], _ prediction: PhasePrediction) -> [Float] {
    let (table, width) = (network.levels, network.levels.width)
    let ones = [Float](repeating: 1, count: width)
    var result = [Float](unfilled: values.count)
    result.withUnsafeMutableBufferPointer { result in
      let result = Disjoint(result)
      network.pool.forEachPart(of: prediction.levels.count, length: 32) { part in
        var variances = ones
        var roots = ones
        var logVarianceOffsets = ones
        for position in part {
          let group = table.group(
            prediction.group, prediction.levels[position], prediction.phase)
          let count = group.count
          guard count > 0 else { continue }
          let first = position * width
          for c in group.span { result.value[first + c] = 0 }
          var place = 0
          for band in group.bands {
            for c in band.coefficients {
              logVarianceOffsets[place] = prediction.logVarianceOffsets[first + c]
              place += 1
            }
          }
          let offset = ExactDivergence.unitOffset(
            ones, logVarianceOffsets: logVarianceOffsets, count: count,
            nats: DivergenceGroup.nats(bits: group.bits))
          ExactDivergence.variances(
            offset: offset, logVarianceOffsets: logVarianceOffsets, count: count, &variances,
            roots: &roots)
          place = 0
          for band in group.bands {
            for c in band.coefficients {
              result.value[first + c] = values[first + c] * roots[place]
              place += 1
            }
          }
        }
      }
    }
    return result
  }
}

extension RateTable {
  /// The rate table of a model's levels, which were checked when it was loaded.
  init(_ table: LevelTable) {
    guard let rateTable = RateTable(bits: table.bits) else {
      preconditionFailure("a model's levels make a rate table")
    }
    self = rateTable
  }
}

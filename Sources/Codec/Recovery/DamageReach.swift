import GQBitstream
import GQModel

/// How far damage reaches.
///
/// A lost position differs from the start. What the prior predicts from it differs within `priorBlocks` positions, one
/// for each 3x3 convolution. That is so for each of the three phases that follow the first, and then the decoder's
/// convolutions carry it on. Beyond that every pixel is the same to the last bit.
struct DamageReach {
  /// For every position of the grid whether its latents can differ.
  private(set) var latents: [Bool]
  /// For every position of the grid whether its pixels can differ.
  let pixels: [Bool]

  /// - Parameters:
  ///   - lost: for each segment of the layout whether it is lost.
  ///   - levels: the level of every position.
  init(
    lost: [Bool], layout: TileLayout, levels: [UInt8], grid: LatentGrid, network: Network
  ) {
    let c = network.configuration
    let sends = levels.map { network.levels.bits[Int($0)] > 0 }
    var isLost = [Bool](repeating: false, count: grid.positionCount)
    var isUnknown = isLost
    for (segment, isGone) in zip(layout.segments, lost) where isGone {
      for position in layout.positions(of: segment, gridColumns: grid.columns) {
        isLost[position] = sends[position]
        // Segments without bits are lost where levels are, which predictions of all phases look at.
        isUnknown[position] = segment.bitCount == 0
      }
    }
    var touched = grid.dilated(isUnknown, by: c.priorBlocks)
    for phase in CodingPhase.allCases {
      let predicted = phase == .first ? touched : grid.dilated(touched, by: c.priorBlocks)
      for position in phase.positions(rows: grid.rows, columns: grid.columns) {
        touched[position] = isLost[position] || touched[position] || predicted[position]
      }
    }
    latents = touched
    pixels = grid.dilated(touched, by: Self.decoderPositions(c))
  }

  /// Rows and columns of latents around a pixel's own position that the decoder looks at. A block at 1/8 reaches half a
  /// position.
  static func decoderPositions(_ c: ModelConfiguration) -> Int {
    c.decoderCoarse + (c.decoderFine + 1) / 2
  }
}

extension LatentGrid {
  /// Every position within `radius` rows and columns of one that is set.
  func dilated(_ mask: [Bool], by radius: Int) -> [Bool] {
    func dilatedLines(_ mask: [Bool], count: Int, length: Int, _ place: (Int, Int) -> Int) -> [Bool]
    {
      var result = mask
      for line in 0..<count {
        var left = 0
        for steps in [Array(0..<length), (0..<length).reversed()] {
          left = 0
          for k in steps {
            if mask[place(line, k)] {
              left = radius + 1
            }
            if left > 0 {
              result[place(line, k)] = true
              left -= 1
            }
          }
        }
      }
      return result
    }
    let alongRows = dilatedLines(mask, count: rows, length: columns) { $0 * columns + $1 }
    return dilatedLines(alongRows, count: columns, length: rows) { $1 * columns + $0 }
  }
}

package import GQBitstream
import GaussianQuant
package import GQModel

/// Coefficients as a path through a trellis: one path per tile, through the positions of all phases.
///
/// Within a group of a phase the path takes the tile's coefficients in an order that puts each far from the one before, so that
/// coefficients whose divergence is more than the bits of their step lie beside others whose divergence is less: the
/// state remembers the last bits, whichever step they came with. The divergence is therefore exact for all
/// coefficients of a group of a phase of the tile together.
package struct TrellisQuantizer: Sendable {
  /// [phases][levels]: the coefficients that codes are of.
  let coefficients: [[[Int]]]
  let search: TrellisSearch
  let table: LevelTable
  let pool: WorkerPool
  /// The states that a path may begin in: those that a segment's first bits can name.
  let starts: Range<UInt32>

  /// The quantizer that a header asks for.
  ///
  /// - Throws: `CodecError.incompatible` when its trellis cannot carry the model's levels.
  package init(
    _ header: Header, table: LevelTable, pool: WorkerPool
  ) throws(CodingFailure) {
    let trellis = try stage { () throws(GaussianQuantError) in
      try Trellis(stateBitCount: header.stateBits, seed: header.seed)
    }
    let most = table.codes.widths.joined().joined().max() ?? 0
    guard most <= trellis.stepBits.upperBound else {
      throw CodecError.incompatible(
        what: "number of state bits", expected: "at least \(most + 4)",
        found: "\(header.stateBits)"
      ).failure
    }
    search = TrellisSearch(trellis: trellis)
    starts = 0..<1 << UInt32(min(TileLayout.startBits, trellis.stateBitCount))
    self.table = table
    self.pool = pool
    coefficients = CodingPhase.allCases.map { phase in
      (0..<table.levelCount).map { level in
        table.groups(UInt8(level), phase).flatMap { $0.bands.flatMap { Array($0.coefficients) } }
      }
    }
  }

  /// Codeword values [n, width] from the codes of n positions of a phase. Inverse of `quantize`.
  package func decode(
    _ codes: [[UInt32]], levels: [UInt8], _ phase: CodingPhase, tiles: [[Int]],
    paths: inout [TilePath]
  ) -> [Float] {
    let width = table.width
    var values = [Float](repeating: 0, count: levels.count * width)
    let trellis = search.trellis
    values.withUnsafeMutableBufferPointer { values in
      paths.withUnsafeMutableBufferPointer { paths in
        let (values, paths) = (Disjoint(values), Disjoint(paths))
        pool.forEach(tiles.count) { tile in
          var state = paths.value[tile].state
          for group in 0..<table.groupCount {
            let steps = table.codes.steps(
              group: group, phase, levels: levels, positions: tiles[tile])
            for step in steps {
              state = trellis.state(
                after: state, bits: codes[step.position][step.code], count: Int(step.bits))
              let coefficient = coefficients[phase.rawValue][Int(levels[step.position])][step.code]
              values.value[step.position * width + coefficient] = trellis.values[Int(state)]
            }
          }
          paths.value[tile].state = state
        }
      }
    }
    return values
  }
}

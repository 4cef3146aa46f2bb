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
    guard table.mostBits <= trellis.stepBits.upperBound else {
      throw CodecError.incompatible(
        what: "number of state bits", expected: "at least \(table.mostBits + 4)",
        found: "\(header.stateBits)"
      ).failure
    }
    search = TrellisSearch(trellis: trellis)
    starts = 0..<1 << UInt32(min(TileLayout.startBits, trellis.stateBitCount))
    self.table = table
    self.pool = pool
  }

  /// Codeword values [n, width] from the codes of n positions of a phase, zeros where nothing is sent. Inverse of `quantize`.
  package func decode(
    _ codes: [[UInt32]], levels: [UInt8], _ phase: CodingPhase, tiles: [[Int]],
    paths: inout [TilePath]
  ) -> [Float] {
    let width = table.width
    var values = [Float](unfilled: levels.count * width)
    let trellis = search.trellis
    values.withUnsafeMutableBufferPointer { values in
      paths.withUnsafeMutableBufferPointer { paths in
        let (values, paths) = (Disjoint(values), Disjoint(paths))
        pool.forEach(tiles.count) { tile in
          for position in tiles[tile] { Self.clear(values.value, position, width) }
          var path = paths.value[tile]
          for group in 0..<table.groupCount {
            let steps = table.codes.steps(
              group: group, phase, levels: levels, positions: tiles[tile])
            for step in steps {
              let coefficient = table.coefficients(levels[step.position], phase)[step.code]
              values.value[step.position * width + coefficient] = path.advance(
                trellis, bits: codes[step.position][step.code], count: Int(step.bits))
            }
          }
          paths.value[tile] = path
        }
      }
    }
    return values
  }

  /// Makes a position's values zero.
  static func clear(_ values: UnsafeMutableBufferPointer<Float>, _ position: Int, _ width: Int) {
    for c in position * width..<(position + 1) * width { values[c] = 0 }
  }
}

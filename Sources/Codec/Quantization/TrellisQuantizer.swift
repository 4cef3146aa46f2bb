package import GQBitstream
import GaussianQuant
package import GQModel

/// Coefficients as a path through a trellis: one path per tile, through the positions of all phases.
///
/// Within a phase the path takes the tile's coefficients in an order that puts each far from the one before, so that
/// coefficients whose divergence is more than the bits of their step lie beside others whose divergence is less: the
/// state remembers the last bits, whichever step they came with. The divergence is therefore exact for all
/// coefficients of a phase of the tile together.
package struct TrellisQuantizer: Sendable {
  /// For each level the widths in bits of the codes that a position sends, in their order: a step for every coefficient.
  package let codeWidths: [[Int]]
  /// For each level the coefficients that its codes are of.
  let coefficients: [[Int]]
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
    let most = table.levels.joined().map { $0.bits }.max() ?? 0
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
    codeWidths = table.levels.map { $0.flatMap { Array(repeating: $0.bits, count: $0.count) } }
    coefficients = table.levels.map { $0.flatMap { Array($0.coefficients) } }
  }

  /// Codeword values [n, width] from the codes of n positions. Inverse of `quantize`.
  package func decode(
    _ codes: [[UInt32]], levels: [UInt8], tiles: [[Int]], paths: inout [TilePath]
  ) -> [Float] {
    let width = table.width
    var values = [Float](repeating: 0, count: levels.count * width)
    let trellis = search.trellis
    values.withUnsafeMutableBufferPointer { values in
      paths.withUnsafeMutableBufferPointer { paths in
        let (values, paths) = (Disjoint(values), Disjoint(paths))
        pool.forEach(tiles.count) { tile in
          var state = paths.value[tile].state
          for step in steps(levels: levels, positions: tiles[tile]) {
            state = trellis.state(
              after: state, bits: codes[step.position][step.code], count: Int(step.bits))
            let coefficient = coefficients[Int(levels[step.position])][step.code]
            values.value[step.position * width + coefficient] = trellis.values[Int(state)]
          }
          paths.value[tile].state = state
        }
      }
    }
    return values
  }

  /// A step of a tile's path.
  struct Step {
    /// A number among the positions of the phase.
    let position: Int
    /// A code of its level.
    let code: Int
    let bits: UInt8
  }

  /// The steps of a phase of a tile, in the order of the path.
  func steps(levels: [UInt8], positions: [Int]) -> [Step] {
    Self.steps(levels: levels, positions: positions, codeWidths: codeWidths)
  }

  /// The steps of a phase of a tile, for levels whose codes have these widths.
  static func steps(levels: [UInt8], positions: [Int], codeWidths: [[Int]]) -> [Step] {
    var listed: [Step] = []
    for position in positions {
      for (code, bits) in codeWidths[Int(levels[position])].enumerated() {
        listed.append(Step(position: position, code: code, bits: UInt8(bits)))
      }
    }
    let stride = stride(count: listed.count)
    var place = 0
    return listed.indices.map { _ in
      defer { place = (place + stride) % listed.count }
      return listed[place]
    }
  }

  /// The distance, in a list of `count` steps, from one step of the path to the next: about 0.618 of the list, whose
  /// multiples spread evenly, and without a common factor, so that each step comes once.
  static func stride(count: Int) -> Int {
    var stride = (618 * count + 999) / 1000
    while greatestCommonDivisor(stride, count) > 1 { stride += 1 }
    return stride
  }

  private static func greatestCommonDivisor(_ a: Int, _ b: Int) -> Int {
    var (a, b) = (a, b)
    while b != 0 { (a, b) = (b, a % b) }
    return a
  }
}

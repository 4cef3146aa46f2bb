package import GaussianQuant
package import Model

/// Coefficients as a path through a trellis: one path per tile, through the positions of all phases.
package struct TrellisQuantizer: CoefficientQuantizer {
  package let codeWidths: [[Int]]
  private let search: TrellisSearch
  private let table: LevelTable
  private let pool: WorkerPool

  package init(trellis: Trellis, table: LevelTable, pool: WorkerPool) {
    search = TrellisSearch(trellis: trellis)
    self.table = table
    self.pool = pool
    // A step for every coefficient.
    codeWidths = table.levels.map { $0.flatMap { Array(repeating: $0.bits, count: $0.count) } }
  }

  package func quantize(
    _ posterior: Posterior, tiles: [[Int]], states: inout [UInt32]
  ) -> (values: [Float], codes: [[UInt32]]) {
    let width = table.width
    var paths = [[UInt32]](repeating: [], count: tiles.count)
    let starts = states
    paths.withUnsafeMutableBufferPointer { paths in
      let paths = Disjoint(paths)
      pool.forEach(tiles.count) { tile in
        var (means, variances): ([Float], [Float]) = ([], [])
        var bits: [UInt8] = []
        for k in tiles[tile] {
          let level = Int(posterior.levels[k])
          let range = k * width..<k * width + table.counts[level]
          means += posterior.means[range]
          variances += posterior.variances[range]
          bits += codeWidths[level].map(UInt8.init)
        }
        paths.value[tile] = search.bestPath(
          means: means.span, variances: variances.span, bits: bits, from: starts[tile])
      }
    }
    var values = [Float](repeating: 0, count: posterior.means.count)
    var codes = [[UInt32]](repeating: [], count: posterior.levels.count)
    for (tile, path) in paths.enumerated() {
      var step = 0
      for k in tiles[tile] {
        for (c, count) in codeWidths[Int(posterior.levels[k])].enumerated() {
          values[k * width + c] = search.trellis.values[Int(path[step])]
          codes[k].append(path[step] & (1 << UInt32(count) - 1))
          step += 1
        }
      }
      if let last = path.last { states[tile] = last }
    }
    return (values, codes)
  }

  package func decode(
    _ codes: [[UInt32]], levels: [UInt8], tiles: [[Int]], states: inout [UInt32]
  ) -> [Float] {
    let width = table.width
    var values = [Float](repeating: 0, count: levels.count * width)
    let trellis = search.trellis
    for (tile, members) in tiles.enumerated() {
      var state = states[tile]
      for k in members {
        for (c, count) in codeWidths[Int(levels[k])].enumerated() {
          state = trellis.state(after: state, bits: codes[k][c], count: count)
          values[k * width + c] = trellis.values[Int(state)]
        }
      }
      states[tile] = state
    }
    return values
  }
}

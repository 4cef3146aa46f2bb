package import GQBitstream
package import GaussianQuant
import GQModel
import Synchronization

extension TrellisQuantizer {
  /// The best codes for a group of the coefficients of positions of a phase. Inverse: `decode`.
  ///
  /// - Parameters:
  ///   - posterior: of the n positions, of which each belongs to one tile.
  ///   - phase: theirs.
  ///   - group: which group.
  ///   - tiles: for each tile the positions of the phase in it, as numbers below n, in the order of their codes.
  ///   - paths: one per tile; what decoding later groups and phases depends on.
  /// - Returns: codeword values [n, width], zeros where nothing is sent, and the group's codes of each position.
  /// - Throws: `GaussianQuantError.outOfMemory`.
  package func quantize(
    _ posterior: Posterior, _ phase: CodingPhase, group: Int, tiles: [[Int]],
    paths: inout [TilePath]
  ) throws(GaussianQuantError) -> (values: [Float], codes: [[UInt32]]) {
    let width = table.width
    // The first thing that went wrong in one of the threads.
    let failure = Mutex<GaussianQuantError?>(nil)
    var values = [Float](unfilled: posterior.means.count)
    let places = posterior.levels.map {
      table.codes.group(group, of: table.codes.widths($0, phase).count)
    }
    var codes = places.map { [UInt32](repeating: 0, count: $0.count) }
    values.withUnsafeMutableBufferPointer { values in
      codes.withUnsafeMutableBufferPointer { codes in
        paths.withUnsafeMutableBufferPointer { paths in
          let targets = (Disjoint(values), Disjoint(codes), Disjoint(paths))
          pool.forEach(tiles.count) { tile in
            let (values, codes, paths) = (targets.0.value, targets.1.value, targets.2.value)
            for position in tiles[tile] { Self.clear(values, position, width) }
            let steps = table.codes.steps(
              group: group, phase, levels: posterior.levels, positions: tiles[tile])
            guard !steps.isEmpty else { return }
            let stepped = steps.map { step in
              let level = posterior.levels[step.position]
              return step.position * width + table.coefficients(level, phase)[step.code]
            }
            let means = stepped.map { posterior.means[$0] }
            let variances = stepped.map { posterior.variances[$0] }
            let (start, found): (UInt32, [UInt32])
            do throws(GaussianQuantError) {
              (start, found) = try search.bestPath(
                means: means.span, variances: variances.span, bits: steps.map(\.bits),
                fromAnyOf: paths[tile].start == nil
                  ? starts : paths[tile].state..<paths[tile].state + 1)
            } catch {
              failure.withLock { $0 = error }
              return
            }
            if paths[tile].start == nil { paths[tile] = TilePath(start: start) }
            for (k, step) in steps.enumerated() {
              values[stepped[k]] = paths[tile].advance(
                search.trellis, bits: found[k], count: Int(step.bits))
              codes[step.position][step.code - places[step.position].lowerBound] = found[k]
            }
          }
        }
      }
    }
    if let failure = failure.withLock({ $0 }) { throw failure }
    return (values, codes)
  }
}

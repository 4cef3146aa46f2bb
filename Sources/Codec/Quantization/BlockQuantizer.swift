import GaussianQuant
package import Model
import Synchronization

/// Coefficients as indices of codebooks: each run is cut in groups of as many coefficients as fit an index.
package final class BlockQuantizer: CoefficientQuantizer {
  /// Adjacent coefficients that share an index.
  private struct Group {
    let coefficients: Range<Int>
    let bits: Int
  }

  /// What decides a codebook.
  private struct Kind: Hashable {
    let dimension: Int
    let indexBits: Int

    init(_ group: Group) {
      dimension = group.coefficients.count
      indexBits = group.bits
    }
  }

  /// A group of one position.
  private struct Member {
    let position: Int
    let order: Int
    let first: Int
  }

  package let codeWidths: [[Int]]
  private let groups: [[Group]]
  private let seed: UInt64
  private let table: LevelTable
  private let pool: WorkerPool
  private let searches = Mutex<[Kind: CodebookSearch]>([:])

  package init(indexBits: Int, seed: UInt64, table: LevelTable, pool: WorkerPool) {
    groups = table.levels.map { runs in
      runs.flatMap { run in
        stride(from: run.first, to: run.first + run.count, by: indexBits / run.bits).map { start in
          let range = start..<min(start + indexBits / run.bits, run.first + run.count)
          return Group(coefficients: range, bits: range.count * run.bits)
        }
      }
    }
    codeWidths = groups.map { $0.map(\.bits) }
    self.seed = seed
    self.table = table
    self.pool = pool
  }

  /// One group per index: a block has no neighbours to pass bits on to.
  package func groups(levels: [UInt8], tiles: [[Int]]) -> [DivergenceGroup] {
    levels.enumerated().flatMap { position, level in
      groups[Int(level)].map { group in
        let start = position * table.width
        let range = group.coefficients
        return DivergenceGroup(
          places: [start + range.lowerBound..<start + range.upperBound], bits: group.bits)
      }
    }
  }

  package func quantize(
    _ posterior: Posterior, tiles: [[Int]], paths: inout [TilePath]
  ) -> (values: [Float], codes: [[UInt32]]) {
    let width = table.width
    var members: [Kind: [Member]] = [:]
    for (position, level) in posterior.levels.enumerated() {
      for (order, group) in groups[Int(level)].enumerated() {
        members[Kind(group), default: []].append(
          Member(
            position: position, order: order,
            first: position * width + group.coefficients.lowerBound))
      }
    }
    var values = [Float](repeating: 0, count: posterior.means.count)
    var codes = posterior.levels.map { [UInt32](repeating: 0, count: groups[Int($0)].count) }
    for (kind, members) in members {
      let search = search(kind)
      let found = nearest(posterior, members, search)
      for (member, index) in zip(members, found) {
        codes[member.position][member.order] = index
        for d in 0..<kind.dimension {
          values[member.first + d] = search.codebook[Int(index), d]
        }
      }
    }
    return (values, codes)
  }

  package func decode(
    _ codes: [[UInt32]], levels: [UInt8], tiles: [[Int]], paths: inout [TilePath]
  ) -> [Float] {
    let width = table.width
    var values = [Float](repeating: 0, count: levels.count * width)
    for (position, level) in levels.enumerated() {
      for (group, index) in zip(groups[Int(level)], codes[position]) {
        // Drawing the few codewords of a file is quicker than making whole codebooks.
        let codeword = Codebook.codeword(
          at: index, dimension: group.coefficients.count, seed: seed)
        let first = position * width + group.coefficients.lowerBound
        values.replaceSubrange(first..<first + codeword.count, with: codeword)
      }
    }
    return values
  }

  private func nearest(
    _ posterior: Posterior, _ members: [Member], _ search: CodebookSearch
  ) -> [UInt32] {
    let dimension = search.codebook.dimension
    let chunk = 128
    var found = [UInt32](repeating: 0, count: members.count)
    found.withUnsafeMutableBufferPointer { found in
      let found = Disjoint(found)
      pool.forEach((members.count + chunk - 1) / chunk) { index in
        let range = index * chunk..<min((index + 1) * chunk, members.count)
        var (means, variances): ([Float], [Float]) = ([], [])
        for member in members[range] {
          means += posterior.means[member.first..<member.first + dimension]
          variances += posterior.variances[member.first..<member.first + dimension]
        }
        for (k, value) in zip(range, search.nearest(means: means, variances: variances)) {
          found.value[k] = value
        }
      }
    }
    return found
  }

  private func search(_ kind: Kind) -> CodebookSearch {
    searches.withLock { searches in
      if let known = searches[kind] { return known }
      guard
        let codebook = try? Codebook(
          dimension: kind.dimension, size: 1 << kind.indexBits, seed: seed)
      else { preconditionFailure("index bits were checked when the header was read") }
      let made = CodebookSearch(codebook: codebook, variances: .perElement)
      searches[kind] = made
      return made
    }
  }
}

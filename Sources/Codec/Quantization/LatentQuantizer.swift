import GaussianQuant
package import Model
import Synchronization

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// Turns the innovations of latent positions into codebook indices and back, by the groups of their levels.
///
/// An innovation is (latent - predicted mean) / predicted scale. Every group of m adjacent channels gets the
/// posterior of exact divergence and the codeword that fits it best; a group whose channels were coded before
/// codes what is left of them.
package final class LatentQuantizer: Sendable {
  private let levels: LevelTable
  private let latents: Int
  private let bound: Float
  /// By dimension; empty when only `decode` is needed.
  private let codebooks: [Int: Codebook]
  private let seed: UInt64
  private let searches = Mutex<[Int: CodebookSearch]>([:])
  private let solvers: [Int: ExactDivergence]
  private let pool: WorkerPool

  /// A quantizer for a network's levels.
  ///
  /// - Parameter searching: Whether `quantize` will be called. Decoding draws single codewords, which is
  ///   quicker than making whole codebooks.
  package init(_ network: Network, searching: Bool) throws {
    let c = network.configuration
    levels = network.levels
    latents = c.latents
    bound = c.latentBound
    pool = network.pool
    seed = c.codebookSeed
    // The codebooks are independent of each other, and making one is most of what a small picture costs.
    let dimensions = searching ? network.levels.dimensions : []
    let made = Mutex<[Int: Result<Codebook, any Error>]>([:])
    network.pool.forEach(dimensions.count) { k in
      let dimension = dimensions[dimensions.count - 1 - k]
      let codebook = Result<Codebook, any Error> {
        try Codebook(dimension: dimension, size: 1 << c.codebookBits, seed: c.codebookSeed)
      }
      made.withLock { $0[dimension] = codebook }
    }
    let codebooks = try made.withLock { try $0.mapValues { try $0.get() } }
    var solvers: [Int: ExactDivergence] = [:]
    for dimension in network.levels.dimensions {
      solvers[dimension] = ExactDivergence(dimension: dimension, bits: c.codebookBits)
    }
    self.codebooks = codebooks
    self.solvers = solvers
  }

  /// What stands in for a codeword when innovations are quantized.
  package enum Mode {
    /// The codeword that fits best.
    case codewords
    /// The posterior's mean plus noise of the error that codewords are expected to make: quick, and close
    /// enough to choose levels by.
    case expectedError
    /// A sample of the posterior itself.
    case posteriorSamples
  }

  /// Decoded innovations and, for codewords, the indices.
  package struct Quantized {
    /// [n, latents], zeros where nothing is sent.
    package var decoded: [Float]
    /// For each of the n positions its indices in group order; empty unless codewords were asked for.
    package var indices: [[UInt32]]
  }

  /// Quantizes innovations [n, latents] at n levels. Inverse of `decode`.
  package func quantize(_ innovations: [Float], levels chosen: [UInt8], mode: Mode) -> Quantized {
    precondition(innovations.count == chosen.count * latents)
    var result = Quantized(
      decoded: Array(repeating: 0, count: innovations.count),
      indices: mode == .codewords
        ? chosen.map { Array(repeating: 0, count: levels.levels[Int($0)].count) } : [])
    for ((_, dimension), members) in memberships(chosen) {
      quantize(innovations, dimension: dimension, members: members, mode: mode, into: &result)
    }
    return result
  }

  /// Decoded innovations [n, latents] from the indices of n positions. Inverse of `quantize`.
  package func decode(_ indices: (Int) -> ArraySlice<UInt32>, levels chosen: [UInt8]) -> [Float] {
    var decoded = [Float](repeating: 0, count: chosen.count * latents)
    for (position, level) in chosen.enumerated() {
      for (group, index) in zip(levels.levels[Int(level)], indices(position)) {
        let codeword = Codebook.codeword(at: index, dimension: group.dimension, seed: seed)
        add(codeword[...], group, to: &decoded, at: position)
      }
    }
    return decoded
  }

  /// A group of one position.
  private struct Member {
    let position: Int
    let order: Int
    let group: LevelTable.Group
  }

  /// Groups of all positions by stage and dimension, in the order in which they must be coded.
  private func memberships(_ chosen: [UInt8]) -> [(key: (Int, Int), members: [Member])] {
    var sets: [[Int]: [Member]] = [:]
    for (position, level) in chosen.enumerated() {
      for (order, group) in levels.levels[Int(level)].enumerated() {
        sets[[group.stage, group.dimension], default: []].append(
          Member(position: position, order: order, group: group))
      }
    }
    return sets.map { (key: ($0.key[0], $0.key[1]), members: $0.value) }.sorted { $0.key < $1.key }
  }

  private func quantize(
    _ innovations: [Float], dimension: Int, members: [Member], mode: Mode,
    into result: inout Quantized
  ) {
    guard let solver = solvers[dimension], let codebook = codebooks[dimension] else { return }
    var means = [Float](repeating: 0, count: members.count * dimension)
    var variances = [Float](repeating: 0, count: members.count)
    let chunk = 128
    let chunkCount = (members.count + chunk - 1) / chunk
    let decodedSoFar = result.decoded
    means.withUnsafeMutableBufferPointer { means in
      variances.withUnsafeMutableBufferPointer { variances in
        let (means, variances) = (Disjoint(means), Disjoint(variances))
        pool.forEach(chunkCount) { index in
          for k in index * chunk..<min((index + 1) * chunk, members.count) {
            let member = members[k]
            let start = member.position * latents + member.group.first
            var energy: Float = 0
            for d in 0..<dimension {
              let rest = (innovations[start + d] - decodedSoFar[start + d]) / member.group.scale
              let value = bound * tanhf(rest / bound)
              means.value[k * dimension + d] = value
              energy += value * value
            }
            let variance = solver.variance(energy: Double(energy) / Double(dimension))
            let factor = Float((1 - variance).squareRoot())
            for d in 0..<dimension { means.value[k * dimension + d] *= factor }
            variances.value[k] = Float(variance)
          }
        }
      }
    }
    switch mode {
    case .codewords:
      let search = search(codebook)
      var found = [UInt32](repeating: 0, count: members.count)
      let (allMeans, allVariances) = (means, variances)
      found.withUnsafeMutableBufferPointer { found in
        let found = Disjoint(found)
        pool.forEach(chunkCount) { index in
          let range = index * chunk..<min((index + 1) * chunk, members.count)
          let part = search.nearest(
            means: Array(allMeans[range.lowerBound * dimension..<range.upperBound * dimension]),
            variances: Array(allVariances[range]))
          for (k, value) in zip(range, part) { found.value[k] = value }
        }
      }
      for (k, member) in members.enumerated() {
        result.indices[member.position][member.order] = found[k]
        let start = Int(found[k]) * dimension
        add(
          codebook.values[start..<start + dimension], member.group, to: &result.decoded,
          at: member.position)
      }
    case .expectedError, .posteriorSamples:
      for (k, member) in members.enumerated() {
        // A codeword picked by a hash of its place is noise that needs no generator and repeats exactly.
        let word = UInt32(truncatingIfNeeded: member.position &* 48 &+ member.order) &* 0x9E37_79B1
        let noise = Int(word >> 8) & (codebook.size - 1)
        let error = mode == .expectedError ? member.group.codeError : 1
        let spread = (variances[k] * error).squareRoot()
        let start = member.position * latents + member.group.first
        let factor = member.group.scale * member.group.shrink
        for d in 0..<dimension {
          result.decoded[start + d] +=
            factor * (means[k * dimension + d] + spread * codebook[noise, d])
        }
      }
    }
  }

  private func add(
    _ codeword: ArraySlice<Float>, _ group: LevelTable.Group, to decoded: inout [Float],
    at position: Int
  ) {
    let start = position * latents + group.first
    let factor = group.scale * group.shrink
    for (d, value) in codeword.enumerated() { decoded[start + d] += factor * value }
  }

  private func search(_ codebook: Codebook) -> CodebookSearch {
    searches.withLock { searches in
      if let known = searches[codebook.dimension] { return known }
      let made = CodebookSearch(codebook: codebook, variances: .perGroup)
      searches[codebook.dimension] = made
      return made
    }
  }
}

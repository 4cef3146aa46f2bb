package import Model

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// Coefficients whose divergence together is the bits that are sent for them.
package struct DivergenceGroup: Sendable {
  /// Where they stand in the coefficients [n, width] of some positions.
  package let places: [Range<Int>]
  /// Bits sent for them, at least 1.
  package let bits: Int

  package init(places: [Range<Int>], bits: Int) {
    precondition(!places.isEmpty && bits > 0)
    self.places = places
    self.bits = bits
  }

  /// One group for each tile that sends anything: all its coefficients.
  ///
  /// - Parameters:
  ///   - levels: the level of each of n positions.
  ///   - tiles: for each tile its positions, as numbers below n.
  ///   - table: what levels send.
  package static func tiles(
    levels: [UInt8], tiles: [[Int]], table: LevelTable
  ) -> [DivergenceGroup] {
    tiles.compactMap { positions in
      let used = positions.filter { table.bits[Int(levels[$0])] > 0 }
      guard !used.isEmpty else { return nil }
      return DivergenceGroup(
        places: used.map { position in
          let start = position * table.width
          return start..<start + table.counts[Int(levels[position])]
        },
        bits: used.reduce(0) { $0 + table.bits[Int(levels[$1])] })
    }
  }

  /// The offset that makes the group's divergence its bits; see `ExactDivergence`.
  ///
  /// - Parameters:
  ///   - coefficients: [n, width], or nil for coefficients whose squares are 1.
  ///   - tilts: [n, width]
  func offset(coefficients: [Float]?, tilts: [Float]) -> Float {
    var (squares, gathered): ([Float], [Float]) = ([], [])
    for range in places {
      gathered += tilts[range]
      if let coefficients { squares += coefficients[range].map { $0 * $0 } }
    }
    if coefficients == nil { squares = Array(repeating: 1, count: gathered.count) }
    return ExactDivergence.offset(
      squares: squares, tilts: gathered, nats: Double(bits) * 0.693_147_180_559_945_3)
  }
}

/// The Gaussian posteriors of the coefficients of some positions.
package struct Posterior: Sendable {
  /// The level of each of the n positions.
  package let levels: [UInt8]
  /// [n, width]; zero where the level sends nothing.
  package let means: [Float]
  /// [n, width]; one where the level sends nothing.
  package let variances: [Float]

  /// The posteriors of exact divergence of coefficients [n, width] of unit variance.
  ///
  /// - Parameters:
  ///   - coefficients: [n, width].
  ///   - tilts: [n, width], what encoder and decoder know of how noise should differ; see `ExactDivergence`.
  ///   - levels: the level of each position.
  ///   - groups: the groups whose divergence is exact: every coefficient that is sent, once.
  ///   - bound: smooth bound on a coefficient's magnitude.
  ///   - pool: threads to use.
  package init(
    _ coefficients: [Float], tilts: [Float], levels: [UInt8], groups: [DivergenceGroup],
    bound: Float, pool: WorkerPool
  ) {
    precondition(tilts.count == coefficients.count)
    let bounded = coefficients.map { bound * tanhf($0 / bound) }
    var means = [Float](repeating: 0, count: coefficients.count)
    var variances = [Float](repeating: 1, count: coefficients.count)
    means.withUnsafeMutableBufferPointer { means in
      variances.withUnsafeMutableBufferPointer { variances in
        let (means, variances) = (Disjoint(means), Disjoint(variances))
        pool.forEach(groups.count) { index in
          let offset = groups[index].offset(coefficients: bounded, tilts: tilts)
          for k in groups[index].places.joined() {
            let (variance, rest) = ExactDivergence.variance(offset: offset, tilt: tilts[k])
            means.value[k] = rest.squareRoot() * bounded[k]
            variances.value[k] = max(variance, Self.leastVariance)
          }
        }
      }
    }
    self.levels = levels
    self.means = means
    self.variances = variances
  }

  /// Keeps the search's sums finite.
  private static let leastVariance: Float = 1e-12
}

internal import CGQKernels
package import GQModel

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
        places: used.flatMap { position in
          let start = position * table.width
          return table.levels[Int(levels[position])].map {
            start + $0.coefficients.lowerBound..<start + $0.coefficients.upperBound
          }
        },
        bits: used.reduce(0) { $0 + table.bits[Int(levels[$1])] })
    }
  }

  /// A number of bits as the divergence that they carry.
  static func nats(bits: Int) -> Double { Double(bits) * 0.693_147_180_559_945_3 }

  /// The offset that makes the group's divergence its bits; see `ExactDivergence`.
  ///
  /// - Parameters:
  ///   - coefficients: [n, width]
  ///   - logVarianceOffsets: [n, width]
  func offset(coefficients: [Float], logVarianceOffsets: [Float]) -> Float {
    let count = places.reduce(0) { $0 + $1.count }
    var (squares, gathered): ([Float], [Float]) = ([], [])
    squares.reserveCapacity(count)
    gathered.reserveCapacity(count)
    for range in places {
      gathered += logVarianceOffsets[range]
      for k in range { squares.append(coefficients[k] * coefficients[k]) }
    }
    return ExactDivergence.offset(
      squares: squares, logVarianceOffsets: gathered, nats: Self.nats(bits: bits))
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
  ///   - logVarianceOffsets: [n, width], what encoder and decoder know of how noise should differ; see `ExactDivergence`.
  ///   - levels: the level of each position.
  ///   - groups: the groups whose divergence is exact: every coefficient that is sent, once.
  ///   - limit: soft clipping of coefficients.
  ///   - pool: threads to use.
  package init(
    _ coefficients: [Float], logVarianceOffsets: [Float], levels: [UInt8],
    groups: [DivergenceGroup],
    limit: SoftLimit, pool: WorkerPool
  ) {
    precondition(logVarianceOffsets.count == coefficients.count)
    var bounded = coefficients
    bounded.withUnsafeMutableBufferPointer { bounded in
      let bounded = Disjoint(bounded)
      pool.forEachPart(of: bounded.value.count, length: 1 << 14) { part in
        guard let base = bounded.value.baseAddress else { return }
        limit.apply(base + part.lowerBound, count: part.count)
      }
    }
    let coefficients = bounded
    var means = [Float](repeating: 0, count: coefficients.count)
    var variances = [Float](repeating: 1, count: coefficients.count)
    means.withUnsafeMutableBufferPointer { means in
      variances.withUnsafeMutableBufferPointer { variances in
        guard let means = means.baseAddress, let variances = variances.baseAddress else { return }
        let targets = (Disjoint(means), Disjoint(variances))
        pool.forEach(groups.count) { index in
          let (means, variances) = (targets.0.value, targets.1.value)
          let offset = groups[index].offset(
            coefficients: coefficients, logVarianceOffsets: logVarianceOffsets)
          logVarianceOffsets.withUnsafeBufferPointer { logVarianceOffsets in
            guard let logVarianceOffsets = logVarianceOffsets.baseAddress else { return }
            for range in groups[index].places {
              let first = range.lowerBound
              ExactDivergence.variances(
                offset: offset, logVarianceOffsets: logVarianceOffsets + first, count: range.count,
                variances + first,
                roots: means + first)
              for k in range {
                means[k] *= coefficients[k]
                variances[k] = max(variances[k], Self.leastVariance)
              }
            }
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

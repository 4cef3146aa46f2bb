package import GQBitstream
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

  /// One group for each tile that sends anything: the coefficients of a group of each position.
  ///
  /// - Parameters:
  ///   - levels: the level of each of n positions.
  ///   - phase: theirs.
  ///   - group: which of the groups of `table`.
  ///   - tiles: for each tile its positions, as numbers below n.
  ///   - table: what levels send.
  package static func tiles(
    levels: [UInt8], _ phase: CodingPhase, group: Int, tiles: [[Int]], table: LevelTable
  ) -> [DivergenceGroup] {
    tiles.compactMap { positions in
      var (places, bits) = ([Range<Int>](), 0)
      for position in positions {
        let own = table.group(group, levels[position], phase)
        let start = position * table.width
        bits += own.bits
        for band in own.bands {
          places.append(
            start + band.coefficients.lowerBound..<start + band.coefficients.upperBound)
        }
      }
      return bits > 0 ? DivergenceGroup(places: places, bits: bits) : nil
    }
  }

  /// A number of bits as the divergence that they carry.
  static func nats(bits: Int) -> Double { Double(bits) * 0.693_147_180_559_945_3 }

}

/// The Gaussian posteriors of the coefficients of some positions.
package struct Posterior: Sendable {
  /// The level of each of the n positions.
  package let levels: [UInt8]
  /// [n, width]; zero where nothing is sent, or not yet.
  package private(set) var means: [Float]
  /// [n, width]; one where nothing is sent, or not yet.
  package private(set) var variances: [Float]

  /// No posteriors yet.
  package init(levels: [UInt8], width: Int) {
    self.levels = levels
    means = [Float](repeating: 0, count: levels.count * width)
    variances = [Float](repeating: 1, count: levels.count * width)
  }

  /// Sets the posteriors of exact divergence of coefficients [n, width] of unit variance.
  ///
  /// - Parameters:
  ///   - coefficients: [n, width].
  ///   - logVarianceOffsets: [n, width], what encoder and decoder know of how noise should differ; see `ExactDivergence`.
  ///   - groups: the groups whose divergence is exact: every coefficient that is set, once.
  ///   - limit: soft clipping of coefficients.
  ///   - pool: threads to use.
  package mutating func set(
    _ coefficients: [Float], logVarianceOffsets: [Float], groups: [DivergenceGroup],
    limit: SoftLimit, pool: WorkerPool
  ) {
    precondition(logVarianceOffsets.count == coefficients.count)
    precondition(coefficients.count == means.count)
    means.withUnsafeMutableBufferPointer { means in
      variances.withUnsafeMutableBufferPointer { variances in
        guard let means = means.baseAddress, let variances = variances.baseAddress else { return }
        let targets = (Disjoint(means), Disjoint(variances))
        pool.forEach(groups.count) { index in
          let group = groups[index]
          let (means, variances) = (targets.0.value, targets.1.value)
          var (bounded, offsets): ([Float], [Float]) = ([], [])
          for range in group.places {
            bounded += coefficients[range]
            offsets += logVarianceOffsets[range]
          }
          bounded.withUnsafeMutableBufferPointer { values in
            if let base = values.baseAddress { limit.apply(base, count: values.count) }
          }
          let offset = ExactDivergence.offset(
            squares: bounded.map { $0 * $0 }, logVarianceOffsets: offsets,
            nats: DivergenceGroup.nats(bits: group.bits))
          offsets.withUnsafeBufferPointer { offsets in
            guard var offsets = offsets.baseAddress else { return }
            var place = 0
            for range in group.places {
              let first = range.lowerBound
              ExactDivergence.variances(
                offset: offset, logVarianceOffsets: offsets, count: range.count, variances + first,
                roots: means + first)
              for k in range {
                means[k] *= bounded[place]
                variances[k] = max(variances[k], Self.leastVariance)
                place += 1
              }
              offsets += range.count
            }
          }
        }
      }
    }
  }

  /// Keeps the search's sums finite.
  private static let leastVariance: Float = 1e-12
}

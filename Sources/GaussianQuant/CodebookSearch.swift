internal import CGQKernels

/// Finds, for groups of latent elements, the codeword of highest score: the quantizer's inner loop.
///
/// A group has a Gaussian posterior with a mean per element. The codeword c sent for it maximises
///
///     log N(c; mean, variance) - beta log N(c; 0, 1)
///
/// (Xu et al., *Vector Quantization using Gaussian Variational Autoencoder*, arXiv 2512.06609),
/// which is affine in c and c^2. All codewords are scored in binary32 with the fastest
/// instructions at hand; those whose lead lies within the rounding error are scored again in
/// `Double`. The result is therefore the exact one, the lowest index among equals, whatever the
/// machine and however the groups are divided into calls.
///
/// The table of features is made once; a search is immutable and can be shared between threads.
/// Every call runs on the thread that makes it.
public struct CodebookSearch: Sendable {
  /// How many variances a group has.
  public enum Variances: Sendable, CaseIterable {
    /// One for all elements of a group; scoring a codeword takes dimension + 1 products.
    case perGroup
    /// One for each element; scoring a codeword takes 2 * dimension products.
    case perElement
  }

  /// The codewords that are searched.
  public let codebook: Codebook
  /// How many variances a group has.
  public let variances: Variances
  /// Weight of the prior in the score; 1 is the published choice.
  public let beta: Double

  /// Features of the codewords, `[blocks, features, 16]`: 16 codewords side by side.
  private let table: [Float]
  /// A little more than the largest Euclidean norm of a codeword.
  private let radius: Double

  /// Products per codeword.
  private var featureCount: Int {
    variances == .perGroup ? codebook.dimension + 1 : codebook.dimension * 2
  }

  /// Blocks of 16 codewords; a codebook of one block is searched in `Double`.
  private var blockCount: Int { (codebook.size + blockSize - 1) / blockSize }

  /// Prepares the search of a codebook.
  ///
  /// - Parameters:
  ///   - codebook: The codewords.
  ///   - variances: How many variances a group will have.
  ///   - beta: Weight of the prior, a finite number.
  public init(
    codebook: Codebook, variances: Variances, beta: Double = 1
  ) {
    precondition(beta.isFinite, "beta is a finite number")
    self.codebook = codebook
    self.variances = variances
    self.beta = beta
    (table, radius) = CodebookSearch.features(of: codebook, variances: variances)
  }

  /// The best codeword of each group.
  ///
  /// - Parameters:
  ///   - means: `[groups, dimension]`.
  ///   - variances: `[groups]` or `[groups, dimension]`, as chosen at the start; above zero. A group
  ///     with a number that is not finite gets some valid index.
  /// - Returns: One index per group. A wrong number of values stops the program.
  public func nearest(means: [Float], variances: [Float]) -> [UInt32] {
    nearest(means: means.span, variances: variances.span)
  }

  /// The best codeword of each group, from values in memory that someone else owns.
  ///
  /// - Parameters:
  ///   - means: `[groups, dimension]`.
  ///   - variances: `[groups]` or `[groups, dimension]`, as chosen at the start; above zero. A group
  ///     with a number that is not finite gets some valid index.
  /// - Returns: One index per group. A wrong number of values stops the program.
  public func nearest(means: Span<Float>, variances: Span<Float>) -> [UInt32] {
    let dimension = codebook.dimension
    let (groupCount, remainder) = means.count.quotientAndRemainder(dividingBy: dimension)
    precondition(remainder == 0, "every group has a mean per element")
    switch self.variances {
    case .perGroup:
      precondition(variances.count == groupCount, "every group has one variance")
      return nearest(groupCount: groupCount) { group, linear, quadratic in
        let precision = 1 / Double(variances[group])
        let weight = (beta - precision) / 2
        for element in 0..<dimension {
          linear[element] = Double(means[group * dimension + element]) * precision
          quadratic[element] = weight
        }
      }
    case .perElement:
      precondition(variances.count == means.count, "every element has a variance")
      return nearest(groupCount: groupCount) { group, linear, quadratic in
        for element in 0..<dimension {
          let precision = 1 / Double(variances[group * dimension + element])
          linear[element] = Double(means[group * dimension + element]) * precision
          quadratic[element] = (beta - precision) / 2
        }
      }
    }
  }

  /// The best codeword of each group, from the weights of the score.
  ///
  /// - Parameters:
  ///   - groupCount: Number of groups.
  ///   - fill: Writes the `dimension` weights of c and of c^2 of a group; the latter are all equal
  ///     if groups have one variance.
  /// - Returns: One index per group.
  func nearest(
    groupCount: Int,
    fill: (Int, UnsafeMutableBufferPointer<Double>, UnsafeMutableBufferPointer<Double>) -> Void
  ) -> [UInt32] {
    let dimension = codebook.dimension
    return [UInt32](unsafeUninitializedCapacity: groupCount) { indices, count in
      withScratch { exact, weights, leaders in
        for first in stride(from: 0, to: groupCount, by: laneCount) {
          let lanes = min(laneCount, groupCount - first)
          for lane in 0..<lanes {
            let middle = (2 * lane + 1) * dimension
            fill(
              first + lane,
              UnsafeMutableBufferPointer(rebasing: exact[middle - dimension..<middle]),
              UnsafeMutableBufferPointer(rebasing: exact[middle..<middle + dimension]))
          }
          search(
            exact: UnsafeBufferPointer(exact), weights: weights, leaders: leaders,
            indices: UnsafeMutableBufferPointer(rebasing: indices[first..<first + lanes]))
        }
      }
      count = groupCount
    }
  }

  /// Memory for 32 groups: their weights in `Double` `[32, 2, dimension]`, in binary32
  /// `[features, 32]`, and what the kernel finds `[32]`; all zero at first.
  private func withScratch(
    _ body: (
      UnsafeMutableBufferPointer<Double>, UnsafeMutableBufferPointer<Float>,
      UnsafeMutableBufferPointer<gq_leaders>
    ) -> Void
  ) {
    let dimension = codebook.dimension
    withUnsafeTemporaryAllocation(of: Double.self, capacity: 2 * laneCount * dimension) { exact in
      exact.initialize(repeating: 0)
      withUnsafeTemporaryAllocation(
        byteCount: featureCount * laneCount * MemoryLayout<Float>.stride, alignment: 64
      ) { bytes in
        let weights = bytes.bindMemory(to: Float.self)
        weights.initialize(repeating: 0)
        withUnsafeTemporaryAllocation(of: gq_leaders.self, capacity: laneCount) {
          leaders in
          leaders.initialize(repeating: gq_leaders())
          body(exact, weights, leaders)
        }
      }
    }
  }

  /// Searches for up to 32 groups.
  ///
  /// - Parameters:
  ///   - exact: `[groups, 2, dimension]`, weights of c and of c^2.
  ///   - weights: Space for `[features, 32]` weights in binary32.
  ///   - leaders: Space for what the kernel finds, 32.
  ///   - indices: One place per group for its result.
  private func search(
    exact: UnsafeBufferPointer<Double>, weights: UnsafeMutableBufferPointer<Float>,
    leaders: UnsafeMutableBufferPointer<gq_leaders>,
    indices: UnsafeMutableBufferPointer<UInt32>
  ) {
    let dimension = codebook.dimension
    if blockCount > 1 {
      weights.update(repeating: 0)
      for lane in indices.indices {
        let start = 2 * lane * dimension
        for feature in 0..<featureCount {
          weights[feature * laneCount + lane] = Float(exact[start + feature])
        }
      }
      table.withUnsafeBufferPointer { table in
        gq_best_blocks(
          table.baseAddress, featureCount, blockCount, weights.baseAddress, leaders.baseAddress)
      }
    }
    codebook.values.withUnsafeBufferPointer { codewords in
      for lane in indices.indices {
        let start = 2 * lane * dimension
        let score = AffineScore(
          linear: UnsafeBufferPointer(rebasing: exact[start..<start + dimension]),
          quadratic: UnsafeBufferPointer(
            rebasing: exact[start + dimension..<start + 2 * dimension]))
        let candidates = candidates(of: score, behind: leaders[lane])
        var best = AffineScore.Best()
        score.improve(&best, among: candidates.0, of: codewords)
        score.improve(&best, among: candidates.1, of: codewords)
        indices[lane] = UInt32(truncatingIfNeeded: best.index)
      }
    }
  }

  /// The codewords that can be the best of a group: two ranges, in ascending order.
  private func candidates(
    of score: AffineScore, behind leaders: gq_leaders
  ) -> (Range<Int>, Range<Int>) {
    let none = codebook.size..<codebook.size
    guard blockCount > 1 else {
      return (0..<codebook.size, none)
    }
    let bound = score.errorBound(radius: radius, featureCount: featureCount)
    if bound.isZero {
      return (0..<1, none)
    }
    func lead(over other: Float) -> Double { Double(leaders.best) - Double(other) }
    // A block that lies behind by more than twice the error cannot hold the winner. Infinities and
    // NaN make the comparison false.
    guard bound.fitsFloat, lead(over: leaders.third) > 2 * bound.error else {
      return (0..<codebook.size, none)
    }
    let first = codewords(ofBlock: leaders.best_block)
    if lead(over: leaders.second) > 2 * bound.error {
      return (first, none)
    }
    let second = codewords(ofBlock: leaders.second_block)
    return first.lowerBound < second.lowerBound ? (first, second) : (second, first)
  }

  /// The codewords of a block.
  private func codewords(ofBlock block: Int32) -> Range<Int> {
    Int(block) * blockSize..<min((Int(block) + 1) * blockSize, codebook.size)
  }

  /// The table of features and the radius of a codebook.
  private static func features(
    of codebook: Codebook, variances: Variances
  ) -> (table: [Float], radius: Double) {
    let dimension = codebook.dimension
    let featureCount = variances == .perGroup ? dimension + 1 : dimension * 2
    var largest = 0.0
    let blockCount = (codebook.size + blockSize - 1) / blockSize
    let tableCount = blockCount * blockSize * featureCount
    let table = codebook.values.withUnsafeBufferPointer { values in
      [Float](unsafeUninitializedCapacity: tableCount) { table, count in
        for place in 0..<blockCount * blockSize {
          // The last codeword fills up the last block: it cannot beat itself.
          let index = min(place, codebook.size - 1)
          let start = place / blockSize * featureCount * blockSize + place % blockSize
          var squares = 0.0
          for element in 0..<dimension {
            let value = values[index * dimension + element]
            let square = Double(value) * Double(value)
            squares += square
            table[start + element * blockSize] = value
            if variances == .perElement {
              table[start + (dimension + element) * blockSize] = Float(square)
            }
          }
          if variances == .perGroup {
            table[start + dimension * blockSize] = Float(squares)
          }
          largest = max(largest, squares)
        }
        count = tableCount
      }
    }
    return (table, largest.squareRoot() * 1.000001)
  }
}

/// Groups that the kernel searches for at once.
private let laneCount = Int(GQ_SEARCH_LANES)
/// Codewords of a block of the table.
private let blockSize = Int(GQ_SEARCH_BLOCK)

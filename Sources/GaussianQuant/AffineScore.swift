/// The score of a codeword c for one group, affine in the features c and c^2:
///
///     score(c) = sum over d of c_d * (linear_d + c_d * quadratic_d)
///
/// With linear = mean / variance and quadratic = (beta - 1 / variance) / 2 this is, but for a term
/// without c, `log N(c; mean, variance) - beta log N(c; 0, 1)` (Xu et al., arXiv 2512.06609). In
/// `Double`, elements in ascending order, it defines which codeword is the best.
struct AffineScore {
  /// Weights of c, one per element.
  let linear: UnsafeBufferPointer<Double>
  /// Weights of c^2, one per element.
  let quadratic: UnsafeBufferPointer<Double>

  /// The best codeword so far.
  struct Best {
    var index = 0
    var score = -Double.infinity
  }

  /// Scores a range of codewords one by one and keeps the best; the earlier of equals stays.
  ///
  /// - Parameters:
  ///   - codewords: `[size, dimension]`.
  ///   - range: The codewords to score; after those that `best` has seen, for ties to be right.
  ///   - best: Replaced where a codeword scores higher.
  func improve(
    _ best: inout Best, among range: Range<Int>, of codewords: UnsafeBufferPointer<Float>
  ) {
    let dimension = linear.count
    for index in range {
      var score = 0.0
      for element in 0..<dimension {
        let value = Double(codewords[index &* dimension &+ element])
        score += value * (linear[element] + value * quadratic[element])
      }
      if score > best.score {
        best = Best(index: index, score: score)
      }
    }
  }

  /// How far a score in binary32 can lie from the one in `Double`, and whether it can overflow.
  ///
  /// - Parameters:
  ///   - radius: The largest Euclidean norm of a codeword, or a little more.
  ///   - featureCount: Terms of the sum in binary32.
  func errorBound(radius: Double, featureCount: Int) -> ErrorBound {
    var squares = 0.0
    var largest = 0.0
    for element in 0..<linear.count {
      squares += linear[element] * linear[element]
      largest = max(largest, quadratic[element].magnitude)
    }
    let norm = squares.squareRoot()
    // No sum of magnitudes of terms is larger, by Cauchy and Schwarz.
    let magnitude = norm * radius + largest * radius * radius
    let terms = Double(featureCount)
    // Each term is rounded as a weight, a feature and a product and then at most once per sum.
    let relative = (terms + 4) * 0x1p-24 * magnitude
    let underflow = terms * (1 + radius * radius) * 0x1p-125
    return ErrorBound(
      error: relative + underflow,
      isZero: norm == 0 && largest == 0,
      fitsFloat: magnitude < 1e38 && norm < 1e38 && largest < 1e38 && radius < 1e18)
  }

  /// What is known about a group's scores in binary32 before they are computed.
  struct ErrorBound {
    /// No score is off by more.
    let error: Double
    /// Every weight is zero, so every codeword scores zero.
    let isZero: Bool
    /// Neither weights, features nor scores leave the range of `Float`; false as well if one is not a number.
    let fitsFloat: Bool
  }
}

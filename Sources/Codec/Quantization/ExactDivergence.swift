internal import CGQKernels

/// Posterior variances of a group of coefficients whose divergence from N(0, I) is exactly the bits it is sent with.
///
/// With y the coefficients and t the log-variance offsets that encoder and decoder know, the posterior of a coefficient has mean
/// sqrt(1 - v) y and variance v = 1 / (1 + exp(-(u + t))), with one u for the group. Its divergence is
/// [(1 - v)(y^2 - 1) - ln v] / 2 nats; the group's sum falls from infinity to 0 as u grows, so one u fits.
///
/// A log-variance offset of -2 ln s for a coefficient of spread s gives all coefficients noise of the same variance, as far as they
/// exceed it: reverse water-filling (Cover and Thomas, *Elements of Information Theory*, section 10.3). What decides
/// it is known on both sides, so nothing is sent for it, and as the number of bits does not depend on it, a
/// difference in rounding between two machines loses nothing.
package enum ExactDivergence {
  /// Steps in which the encoder comes to the u of a group whatever its coefficients are.
  private static let steps: Int32 = 8
  /// Steps for coefficients whose squares are 1.
  private static let unitSteps: Int32 = 4

  /// The u of a group.
  ///
  /// - Parameters:
  ///   - squares: y^2 of the group's coefficients.
  ///   - logVarianceOffsets: their log-variance offsets, as many.
  ///   - nats: the divergence, above 0.
  package static func offset(squares: [Float], logVarianceOffsets: [Float], nats: Double) -> Float {
    precondition(squares.count == logVarianceOffsets.count && !logVarianceOffsets.isEmpty)
    return gq_offset(squares, logVarianceOffsets, logVarianceOffsets.count, nats, steps)
  }

  /// The u of a group whose coefficients have squares of 1.
  static func unitOffset(
    _ ones: UnsafePointer<Float>, logVarianceOffsets: UnsafePointer<Float>, count: Int, nats: Double
  ) -> Float {
    gq_offset(ones, logVarianceOffsets, count, nats, unitSteps)
  }

  /// A group's divergence in nats and its derivative by the offset.
  package static func divergence(
    squares: [Float], logVarianceOffsets: [Float], at offset: Float
  ) -> (nats: Double, slope: Double) {
    squares.withUnsafeBufferPointer { squares in
      logVarianceOffsets.withUnsafeBufferPointer {
        divergence(squares: squares, logVarianceOffsets: $0, at: offset)
      }
    }
  }

  private static func divergence(
    squares: UnsafeBufferPointer<Float>, logVarianceOffsets: UnsafeBufferPointer<Float>,
    at offset: Float
  ) -> (nats: Double, slope: Double) {
    var (nats, slope) = (0.0, 0.0)
    gq_divergence(
      offset, squares.baseAddress, logVarianceOffsets.baseAddress, logVarianceOffsets.count, &nats,
      &slope)
    return (nats, slope)
  }

  /// The variances v of coefficients for an offset, and the roots of 1 - v.
  static func variances(
    offset: Float, logVarianceOffsets: UnsafePointer<Float>, count: Int,
    _ variances: UnsafeMutablePointer<Float>,
    roots: UnsafeMutablePointer<Float>
  ) {
    gq_variances(offset, logVarianceOffsets, count, variances, roots)
  }
}

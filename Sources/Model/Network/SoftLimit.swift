internal import CGQKernels

/// Soft clipping of coefficients to what codewords reach.
package struct SoftLimit: Sendable {
  private let bound: Float
  /// Whether it is (1 + (x / bound)^8)^(-1/8), which leaves more as it is, in place of tanh.
  private let isSharp: Bool

  package init(_ c: ModelConfiguration) {
    bound = c.latentBound
    isSharp = c.hasCosines
  }

  /// Clips numbers where they stand.
  package func apply(_ values: UnsafeMutablePointer<Float>, count: Int) {
    if isSharp { gq_limit(values, count, bound) } else { gq_bound(values, count, bound) }
  }
}

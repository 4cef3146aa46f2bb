internal import CGQKernels

/// Soft clipping of coefficients to what codewords reach: x (1 + (x / bound)^8)^(-1/8).
package struct SoftLimit: Sendable {
  private let bound: Float

  package init(_ c: ModelConfiguration) {
    bound = c.latentBound
  }

  /// Clips numbers where they stand.
  package func apply(_ values: UnsafeMutablePointer<Float>, count: Int) {
    gq_limit(values, count, bound)
  }
}

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// The posterior of a group whose divergence from N(0, I) is exactly the bits it is sent with.
///
/// With y the coefficients of a group, b bits for each, and e their mean square, the posterior has mean
/// sqrt(1 - v) y and variance v; its divergence per coefficient is [(1 - v)(e - 1) - ln v] / 2 nats, which falls from
/// infinity to 0 as v goes from 0 to 1, so one v fits.
package struct ExactDivergence: Sendable {
  /// 2 b ln 2: nats per coefficient times two.
  private let target: Double

  /// For groups with `bits` bits per coefficient.
  package init(bits: Int) {
    target = 2 * Double(bits) * M_LN2
  }

  /// The variance v for a group of mean square `energy`.
  package func variance(energy: Double) -> Double {
    // Newton's method on ln v, kept inside a bracket that halves when a step leaves it.
    var low = -target - energy - 1
    var high = 0.0
    var guess = -target
    for _ in 0..<60 {
      let v = exp(guess)
      let excess = (1 - v) * (energy - 1) - guess - target
      if abs(excess) < 1e-12 { break }
      if excess > 0 { low = guess } else { high = guess }
      guess += excess / (v * (energy - 1) + 1)
      if !(guess > low && guess < high) { guess = (low + high) / 2 }
    }
    return exp(guess)
  }

  /// The divergence in nats per coefficient times two, for tests.
  package static func divergence(energy: Double, variance v: Double) -> Double {
    (1 - v) * (energy - 1) - log(v)
  }
}

internal import CGQKernels
import GQModel

/// What a quality from 0 to 100 means: the cost of errors that a bit must save.
///
/// Set so that with `visual` photographs have about SSIMULACRA2 50 at 50, 75 at 75 and 87 at 90, and with `psnr` as many bits
/// (`docs/experiments.md`); 100 is the best that the model's levels give. Between the knots the logarithm of lambda is linear.
enum QualityScale {
  /// Qualities and how often 1 is halved for lambda there.
  private static func knots(_ tuning: Tuning) -> [(quality: Float, halvings: Float)] {
    switch tuning {
    case .visual: [(0, -14.2), (50, -8.35), (75, -3.7), (90, 0.2), (95, 2.35), (100, 9.1)]
    case .psnr: [(0, 1.5), (75, 7.75), (90, 10.5), (95, 11.3), (100, 16)]
    }
  }

  /// Cost that a bit must save: squared error of samples in -1...1, or squared visual distortion; with the norm `sum`
  /// visual distortion itself, of about the same bits.
  static func lambda(quality: Double, tuning: Tuning, norm: ErrorNorm? = nil) -> Double {
    let knots = knots(tuning)
    let quality = Float(quality)
    let upper = knots.dropFirst().firstIndex { quality <= $0.quality } ?? knots.count - 1
    let (a, b) = (knots[upper - 1], knots[upper])
    let share = (quality - a.quality) / (b.quality - a.quality)
    var halvings = a.halvings + share * (b.halvings - a.halvings)
    // A line through the pairs of both lambdas that gave eight validation photographs the same bits.
    if tuning == .visual, norm == .sum { halvings = 0.6 * halvings + 0.15 }
    var exponent = -0.693_147_18 * halvings
    gq_exp(&exponent, 1)
    return Double(exponent)
  }
}

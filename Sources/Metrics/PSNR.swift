package import GQCodec

#if canImport(Glibc)
  internal import Glibc
#elseif canImport(Musl)
  internal import Musl
#elseif canImport(Darwin)
  internal import Darwin
#endif

/// The peak signal-to-noise ratio in decibels: 10 log10(255^2 / mean squared error).
package enum PSNR {
  /// The ratio of two pictures, over all samples of all components; infinite when they are equal.
  package static func decibels(_ first: Picture, _ second: Picture) throws(MetricError) -> Double {
    decibels(meanSquaredError: try GQMetrics.meanSquaredError(first, second))
  }

  /// The ratio for a mean squared error; infinite for zero. ``meanSquaredError(decibels:)`` is
  /// the inverse.
  package static func decibels(meanSquaredError: Double) -> Double {
    10 * log10(255 * 255 / meanSquaredError)
  }

  /// The mean squared error for a ratio. ``decibels(meanSquaredError:)`` is the inverse.
  package static func meanSquaredError(decibels: Double) -> Double {
    255 * 255 * pow(10, -decibels / 10)
  }
}

#if canImport(Glibc)
  internal import Glibc
#elseif canImport(Musl)
  internal import Musl
#elseif canImport(Darwin)
  internal import Darwin
#endif

/// Bjøntegaard's delta rate: how much more rate one codec needs than another, on average over the
/// qualities that both reach.
///
/// The logarithm of the rate is interpolated over quality by monotone cubics (PCHIP).
package enum BDRate {
  /// One picture coded once, or one setting's mean over pictures.
  package struct Point: Sendable, Equatable {
    /// Bits per pixel, or any other rate above zero.
    package var rate: Double
    /// Decibels, or any other number that rises with quality.
    package var quality: Double

    /// Makes a point.
    package init(rate: Double, quality: Double) {
      self.rate = rate
      self.quality = quality
    }
  }

  /// Why there is no number.
  package enum Failure: Error, Sendable, Equatable {
    /// A curve has fewer than two points.
    case tooFewPoints(Int)
    /// A rate is not a finite number above zero, or a quality not a finite number.
    case badPoint(Point)
    /// Two points of one curve have the same quality.
    case repeatedQuality(Double)
    /// There is no quality that both curves reach.
    case noCommonQuality
  }

  /// The rate that `test` needs at equal quality, in percent above that of `anchor`: -10 when it
  /// saves a tenth. Points may come in any order.
  package static func percent(anchor: [Point], test: [Point]) throws(Failure) -> Double {
    let anchor = try curve(anchor)
    let test = try curve(test)
    let low = max(anchor.domain.lowerBound, test.domain.lowerBound)
    let high = min(anchor.domain.upperBound, test.domain.upperBound)
    guard low < high else { throw .noCommonQuality }
    let difference = test.integral(from: low, to: high) - anchor.integral(from: low, to: high)
    return (pow(10, difference / (high - low)) - 1) * 100
  }

  /// The points that are better than all cheaper ones, by rising rate: what a curve of qualities can be made of.
  package static func rising(_ points: [Point]) -> [Point] {
    var kept: [Point] = []
    for point in points.sorted(by: { ($0.rate, $0.quality) < ($1.rate, $1.quality) }) {
      if let last = kept.last {
        if point.quality <= last.quality + 1e-9 { continue }
        if point.rate == last.rate { kept.removeLast() }
      }
      kept.append(point)
    }
    return kept
  }

  /// The quality at a rate, on the curve through points that ``rising(_:)`` gave: a monotone cubic over the logarithm of the
  /// rate. nil below the lowest rate; above the highest it is the quality there, since no file of a codec is larger.
  package static func quality(_ points: [Point], atRate rate: Double) -> Double? {
    guard let first = points.first, let last = points.last, rate > 0 else { return nil }
    if rate >= last.rate { return last.quality }
    if rate < first.rate { return nil }
    return MonotoneCubic(x: points.map { log10($0.rate) }, y: points.map(\.quality))
      .value(at: log10(rate))
  }

  /// The logarithm of the rate over quality.
  private static func curve(_ points: [Point]) throws(Failure) -> MonotoneCubic {
    guard points.count >= 2 else { throw .tooFewPoints(points.count) }
    for point in points {
      guard point.rate > 0, point.rate.isFinite, point.quality.isFinite else {
        throw .badPoint(point)
      }
    }
    let points = points.sorted { $0.quality < $1.quality }
    for (point, next) in zip(points, points.dropFirst()) where point.quality == next.quality {
      throw .repeatedQuality(point.quality)
    }
    return MonotoneCubic(x: points.map(\.quality), y: points.map { log10($0.rate) })
  }
}

extension BDRate.Failure: CustomStringConvertible {
  /// One sentence, fit for a user.
  package var description: String {
    switch self {
    case .tooFewPoints(let count):
      "a rate-distortion curve of \(count) points where at least 2 are needed"
    case .badPoint(let point):
      "rate \(point.rate) at quality \(point.quality) is not a point of a rate-distortion curve"
    case .repeatedQuality(let quality):
      "two points of one rate-distortion curve have the quality \(quality)"
    case .noCommonQuality:
      "the rate-distortion curves have no quality in common"
    }
  }
}

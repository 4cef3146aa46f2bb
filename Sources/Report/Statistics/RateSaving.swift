import GQMetrics

/// How much more rate this project's codec needs than another at equal quality, in percent: below 0 it saves.
///
/// Bjøntegaard's delta rate: the logarithm of the rate over the quality by PCHIP, over the qualities that both curves reach. Points
/// that are not better than a cheaper one are no part of a curve.
package struct RateSaving: Sendable, Encodable {
  /// The fewest points of a curve.
  static let minimumPoints = 3
  /// The least part of the other codec's qualities that both curves must reach.
  static let minimumOverlap = 0.15

  /// The codec that saves.
  package let test: String
  /// The other codec.
  package let anchor: String
  /// The quality that is equal.
  package let quality: Quality
  /// The mean of the numbers of ``pictures``; nil when there are none.
  package let percent: Double?
  /// The median of them.
  package let median: Double?
  /// The pictures that the mean is over: the same for all codecs that have a mean in this quality.
  package let pictures: [String]
  /// The number of every picture that has one.
  package let byPicture: [PictureSaving]
  /// The qualities that both curves reach, means over ``pictures``.
  package let range: Range?

  /// Qualities from the lowest to the highest.
  package struct Range: Sendable, Equatable, Encodable {
    /// The lowest that both curves reach.
    package let low: Double
    /// The highest that both curves reach.
    package let high: Double
  }

  /// The number of one picture.
  package struct PictureSaving: Sendable, Equatable, Encodable {
    /// The name of the picture's file.
    package let picture: String
    /// In percent.
    package let percent: Double
    /// The qualities that both curves reach.
    package let range: Range
  }

  /// The numbers of `test` against every other method.
  static func all(test: String, methods: [String], rows: [ResultRow], pictures: [String])
    -> [RateSaving]
  {
    let groups = Dictionary(grouping: rows, by: \.picture).mapValues {
      Dictionary(grouping: $0, by: \.method)
    }
    let anchors = methods.filter { $0 != test }
    return Quality.allCases.flatMap { quality -> [RateSaving] in
      let found = anchors.map { anchor in
        pictures.compactMap { picture -> PictureSaving? in
          func curve(_ method: String) -> [BDRate.Point] {
            (groups[picture]?[method] ?? []).compactMap { row in
              quality.value(of: row.measurement.scores).map {
                BDRate.Point(rate: row.measurement.bitsPerPixel, quality: $0)
              }
            }
          }
          return saving(anchor: curve(anchor), test: curve(test)).map {
            PictureSaving(picture: picture, percent: $0.percent, range: $0.range)
          }
        }
      }
      // Numbers that stand beside each other are means over the same pictures; whoever has few has none.
      let counted = found.filter { 2 * $0.count >= pictures.count && !$0.isEmpty }
      let common = pictures.filter { picture in
        !counted.isEmpty && counted.allSatisfy { $0.contains { $0.picture == picture } }
      }
      return zip(anchors, found).map { anchor, all in
        let own = 2 * all.count >= pictures.count ? all.filter { common.contains($0.picture) } : []
        func mean(_ value: (PictureSaving) -> Double) -> Double {
          own.reduce(0) { $0 + value($1) } / Double(own.count)
        }
        let sorted = own.map(\.percent).sorted()
        return RateSaving(
          test: test, anchor: anchor, quality: quality,
          percent: own.isEmpty ? nil : mean(\.percent),
          median: own.isEmpty
            ? nil : (sorted[(sorted.count - 1) / 2] + sorted[sorted.count / 2]) / 2,
          pictures: own.map(\.picture), byPicture: all,
          range: own.isEmpty ? nil : Range(low: mean(\.range.low), high: mean(\.range.high)))
      }
    }.sorted { (methods.firstIndex(of: $0.anchor) ?? 0) < (methods.firstIndex(of: $1.anchor) ?? 0) }
  }

  /// The number of two curves, and the qualities that it is a mean over; nil when they have too little in common.
  static func saving(
    anchor: [BDRate.Point], test: [BDRate.Point]
  ) -> (percent: Double, range: Range)? {
    let (anchor, test) = (BDRate.rising(anchor), BDRate.rising(test))
    guard min(anchor.count, test.count) >= minimumPoints, let first = anchor.first,
      let last = anchor.last, let testFirst = test.first, let testLast = test.last
    else { return nil }
    let range = Range(
      low: max(first.quality, testFirst.quality), high: min(last.quality, testLast.quality))
    guard range.high - range.low >= minimumOverlap * (last.quality - first.quality) else {
      return nil
    }
    return (try? BDRate.percent(anchor: anchor, test: test)).map { ($0, range) }
  }
}

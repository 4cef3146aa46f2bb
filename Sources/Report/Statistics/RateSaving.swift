import GQMetrics

/// How much more rate this project's codec needs than another at equal quality, in percent: below 0 it saves.
///
/// Bjøntegaard's delta over files of 0.1 to 1.0 bits per pixel, logarithm of the rate over quality by PCHIP.
public struct RateSaving: Sendable, Encodable {
  /// The rates that take part, in bits per pixel asked for.
  public static let rates = 0.1...1.0

  /// The codec that saves.
  public let test: String
  /// The other codec.
  public let anchor: String
  /// The quality that is equal.
  public let quality: Quality
  /// The mean of the pictures' own numbers; nil when no picture has one.
  public let percent: Double?
  /// How many pictures have one.
  public let pictures: Int
  /// The qualities that both curves reach, of which the number is the mean; nil when no picture has one.
  public let range: Range?
  /// From the curves of means, of rates that all pictures reach; nil when there is none.
  public let percentOfMeans: Double?

  /// Qualities from the lowest to the highest, means over the pictures.
  public struct Range: Sendable, Equatable, Encodable {
    /// The lowest that both curves reach.
    public let low: Double
    /// The highest that both curves reach.
    public let high: Double
  }

  /// The numbers of `test` against every other method.
  static func all(
    test: String, methods: [String], rows: [ResultRow], means: [Mean], pictures: [String]
  ) -> [RateSaving] {
    methods.filter { $0 != test }.flatMap { anchor in
      Quality.allCases.map { quality in
        let own = pictures.compactMap { picture in
          func curve(_ method: String) -> [BDRate.Point] {
            points(
              rows.filter { $0.picture == picture && $0.method == method }.map {
                ($0.target, $0.measurement.bitsPerPixel, quality.value(of: $0.measurement))
              })
          }
          let curves = (curve(anchor), curve(test))
          return (try? BDRate.percent(anchor: curves.0, test: curves.1)).map {
            (percent: $0, range: overlap(curves.0, curves.1))
          }
        }
        func mean(_ values: [Double]) -> Double {
          values.reduce(0, +) / Double(values.count)
        }
        func curve(_ method: String) -> [BDRate.Point] {
          points(
            means.filter { $0.method == method && $0.pictures == pictures.count }.map {
              ($0.target, $0.bitsPerPixel, quality.value(of: $0))
            })
        }
        return RateSaving(
          test: test, anchor: anchor, quality: quality,
          percent: own.isEmpty ? nil : mean(own.map(\.percent)), pictures: own.count,
          range: own.isEmpty
            ? nil : Range(low: mean(own.map(\.range.low)), high: mean(own.map(\.range.high))),
          percentOfMeans: try? BDRate.percent(anchor: curve(anchor), test: curve(test)))
      }
    }
  }

  /// The qualities that both curves reach.
  private static func overlap(_ a: [BDRate.Point], _ b: [BDRate.Point]) -> Range {
    func ends(_ points: [BDRate.Point]) -> (Double, Double) {
      let qualities = points.map(\.quality)
      return (qualities.min() ?? 0, qualities.max() ?? 0)
    }
    let (first, second) = (ends(a), ends(b))
    return Range(low: max(first.0, second.0), high: min(first.1, second.1))
  }

  /// The points that take part. Two targets may have led to one file: of equal qualities the smaller rate counts.
  private static func points(_ values: [(target: Double, rate: Double, quality: Double?)])
    -> [BDRate.Point]
  {
    var points: [BDRate.Point] = []
    for value in values.sorted(by: { $0.rate < $1.rate }) where rates.contains(value.target) {
      guard let quality = value.quality, !points.contains(where: { $0.quality == quality }) else {
        continue
      }
      points.append(BDRate.Point(rate: value.rate, quality: quality))
    }
    return points
  }
}

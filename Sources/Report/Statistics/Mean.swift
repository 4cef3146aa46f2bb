import GQMetrics

/// Means over all pictures, for a codec at a rate.
///
/// Files of codecs that are told a quality are smaller than what was asked for, each by another bit. So the scores are those
/// at the very rate: each picture's curve is interpolated there. A score that not every picture has, has no mean.
package struct Mean: Sendable, Encodable {
  /// The codec's name.
  package let method: String
  /// Bits per pixel.
  package let target: Double
  /// How many pictures there are.
  package let pictures: Int
  /// Mean of the files' own rates, at most ``target``.
  package let fileBitsPerPixel: Double
  /// Means of the pictures' scores at ``target``.
  package let scores: Scores
  /// Means of what making the files took.
  package let encode: Cost
  /// Means of what reading them took.
  package let decode: Cost

  private enum CodingKeys: String, CodingKey {
    case method, target, pictures, fileBitsPerPixel, encode, decode
  }

  /// All values side by side.
  package func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(method, forKey: .method)
    try container.encode(target, forKey: .target)
    try container.encode(pictures, forKey: .pictures)
    try container.encode(fileBitsPerPixel, forKey: .fileBitsPerPixel)
    try container.encode(encode, forKey: .encode)
    try container.encode(decode, forKey: .decode)
    try scores.encode(to: encoder)
  }

  /// The means of all codecs at all rates, by codec and rate, where every picture has a file.
  static func all(methods: [String], rates: [Double], pictures: [String], rows: [ResultRow])
    -> [Mean]
  {
    let byMethod = Dictionary(grouping: rows, by: \.method)
    return methods.flatMap { method -> [Mean] in
      let own = Dictionary(grouping: byMethod[method] ?? [], by: \.picture)
      // A picture's curve of one score, from all of its files.
      func curve(_ picture: String, _ value: (Scores) -> Double?) -> [BDRate.Point] {
        let points = (own[picture] ?? []).flatMap {
          [$0.measurement.point] + ($0.measurement.above.map { [$0] } ?? [])
        }
        return BDRate.rising(
          points.compactMap { point in
            value(point.scores).map { BDRate.Point(rate: point.bitsPerPixel, quality: $0) }
          })
      }
      return rates.sorted().compactMap { rate -> Mean? in
        let files = pictures.compactMap { picture in
          own[picture]?.first { $0.target == rate }?.measurement
        }
        guard files.count == pictures.count, !files.isEmpty else { return nil }
        func mean(_ value: (Scores) -> Double?) -> Double? {
          // Infinite for one file is infinite for all.
          guard files.allSatisfy({ value($0.scores) != nil }) else { return nil }
          let values = pictures.compactMap {
            BDRate.quality(curve($0, value), atRate: rate)
          }
          return values.count == pictures.count
            ? values.reduce(0, +) / Double(values.count) : nil
        }
        return Mean(
          method: method, target: rate, pictures: files.count,
          fileBitsPerPixel: files.reduce(0) { $0 + $1.bitsPerPixel } / Double(files.count),
          scores: Scores(
            ssimulacra2: mean(\.ssimulacra2),
            butteraugli: mean { $0.butteraugli.map { -$0 } }.map { -$0 }, psnr: mean(\.psnr),
            psnrY: mean(\.psnrY), ssim: mean(\.ssim), msssim: mean(\.msssim)),
          encode: Cost(means: files.map(\.encode)), decode: Cost(means: files.map(\.decode)))
      }
    }
  }
}

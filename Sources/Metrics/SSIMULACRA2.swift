package import GQCodec

#if canImport(Glibc)
  internal import Glibc
#elseif canImport(Musl)
  internal import Musl
#elseif canImport(Darwin)
  internal import Darwin
#endif

/// SSIMULACRA2 (Sneyers, https://github.com/cloudinary/ssimulacra2): how alike pictures look.
///
/// 100 is the same picture, 90 visually lossless, 70 high, 50 medium and 30 low quality; it falls below 0. Pictures are
/// compared in the XYB colour space at up to six scales. As the Python package `ssimulacra2` computes it.
package struct SSIMULACRA2: Sendable {
  /// The shortest side of a picture that has a score.
  package static let minimumSide = XYBPyramid.minimumSide
  private let shape: MetricError.Shape
  /// The original, and where it has alpha the original on black and on white.
  private let references: [(background: UInt8, pyramid: XYBPyramid)]

  /// Prepares an original for any number of comparisons; memory is about 10 bytes per pixel.
  package init(reference: Picture) {
    shape = MetricError.Shape(of: reference)
    let backgrounds: [UInt8] = reference.alpha == nil ? [0] : [0, 255]
    references = backgrounds.map { ($0, XYBPyramid(reference.flattened(on: $0))) }
  }

  /// The score of a picture of the original's size and colour type, or nil when a side is shorter than ``minimumSide``.
  ///
  /// An original with alpha is compared on black and on white, and the lower score counts.
  package func score(_ picture: Picture) throws(MetricError) -> Double? {
    let other = MetricError.Shape(of: picture)
    guard shape == other else { throw .shapesDiffer(shape, other) }
    guard min(shape.width, shape.height) >= Self.minimumSide else { return nil }
    var least = Double.infinity
    for (background, reference) in references {
      let distortion = Self.distortion(reference, XYBPyramid(picture.flattened(on: background)))
      least = min(least, Self.score(distortion: distortion))
    }
    return least
  }

  /// The score of the second picture, the first being the original; nil when a side is shorter than ``minimumSide``.
  package static func score(_ original: Picture, _ picture: Picture) throws(MetricError) -> Double?
  {
    try SSIMULACRA2(reference: original).score(picture)
  }

  /// The score of a picture of the original's size and colour type, place by place; nil when a side is shorter than
  /// ``minimumSide``. An original with alpha is compared on black and on white, and the lower score of a place counts.
  ///
  /// - Parameter cell: pixels along each side of a place.
  package func map(_ picture: Picture, cell: Int) throws(MetricError) -> ScoreMap? {
    let other = MetricError.Shape(of: picture)
    guard shape == other else { throw .shapesDiffer(shape, other) }
    guard min(shape.width, shape.height) >= Self.minimumSide else { return nil }
    var map: ScoreMap?
    for (background, reference) in references {
      let found = ScoreMap(
        reference, XYBPyramid(picture.flattened(on: background)), width: shape.width,
        height: shape.height, cell: cell)
      map = map.map { $0.lower(found) } ?? found
    }
    return map
  }

  /// The weighted sum of the norms of all maps.
  private static func distortion(_ first: XYBPyramid, _ second: XYBPyramid) -> Double {
    var sum = 0.0
    for (scale, (a, b)) in zip(first.scales, second.scales).enumerated() {
      for channel in 0..<3 {
        let weights = Weights(channel: channel, scale: scale, of: first.scales.count)
        guard weights.isUsed else { continue }
        let norms = DistortionNorms(
          a.channels[channel], b.channels[channel], width: a.width, height: a.height)
        sum += weights.sum(norms)
      }
    }
    return distortionScale * sum
  }

  /// The factor of the weighted sum.
  static let distortionScale = 0.9562382616834844

  /// The scale of scores.
  static func score(distortion d: Double) -> Double {
    let curved =
      2.326765642916932 * d - 0.020884521182843837 * d * d + 6.248496625763138e-05 * d * d * d
    return curved > 0 ? 100 - 10 * pow(curved, 0.6276336467831387) : 100
  }
}

extension SSIMULACRA2 {
  /// The weights of one channel at one scale.
  struct Weights {
    /// Means and 4-norms of structural dissimilarity, of artifacts and of lost detail, one after the other.
    private let values: ArraySlice<Double>

    /// The weights for pictures of `count` scales.
    ///
    /// The metric's definition runs through one list, so that small pictures, which have fewer scales, have others.
    init(channel: Int, scale: Int, of count: Int) {
      let start = (channel * count + scale) * 6
      values = Self.all[start..<(start + 6)]
    }

    /// Whether the channel counts at all.
    var isUsed: Bool { values.contains { $0 > 0 } }

    /// The weights of the mean and of the 4-norm of one map: structural dissimilarity, artifacts, lost detail.
    func weights(map: Int) -> (mean: Double, fourth: Double) {
      (values[values.startIndex + map], values[values.startIndex + 3 + map])
    }

    func sum(_ norms: DistortionNorms) -> Double {
      let maps = [norms.structure, norms.artifacts, norms.lostDetail]
      let all = maps.map(\.mean) + maps.map(\.fourth)
      return zip(values, all).reduce(0) { $0 + $1.0 * $1.1 }
    }

    /// By channel (X, Y, B - Y), scale, norm and map. What is below 0.01 in the definition moves no score by a hundredth,
    /// and is 0 here.
    private static let all: [Double] = [
      0, 0, 0, 0, 0, 0,
      0, 0, 0, 1.1041726426657346, 0, 0,
      0, 0, 0, 1.8422455520539298, 11.441172603757666, 0,
      0, 0, 0, 1.8787594979546387, 10.94906990605142, 0,
      0, 0.9677937080626833, 0, 0, 0.9981766977854967, 0,
      0, 0, 0, 0, 0, 0,

      0, 0, 0, 7.466890328078848, 0, 17.445833984131262,
      0, 0, 0, 6.683678146179332, 0, 1.027889937768264,
      225.20515300849274, 0, 0, 19.213238186143016, 0, 0,
      176.39317598450694, 0, 0, 24.43300999870476, 0.28520802612117757, 0,
      0, 0, 0, 34.77906344483772, 44.835625328877896, 0,
      0, 0, 0, 0, 0, 0,

      0, 0, 0, 0, 0, 0,
      0, 0, 0, 0, 0, 0,
      0, 0, 0, 0, 0, 0,
      0, 0, 0, 8.826982764996862, 23.19243343998926, 0,
      95.1080498811086, 0.9863978034400682, 0.9834382792465353,
      0, 171.2667255897307, 0.9807858872435379,
      0, 0, 0, 0, 0, 0,
    ]
  }
}

package import GQCodec

#if canImport(Glibc)
  internal import Glibc
#elseif canImport(Musl)
  internal import Musl
#elseif canImport(Darwin)
  internal import Darwin
#endif

/// Structural similarity over five scales (Wang et al. 2003), 1 for equal pictures.
///
/// The mean over the components of each one's own similarity, as pytorch-msssim computes it.
package enum MSSSIM {
  /// The shortest side of a picture that has a value: the window must fit the smallest scale.
  package static let minimumSide = 161
  /// The exponent of each scale, finest first.
  private static let weights = [0.0448, 0.2856, 0.3001, 0.2363, 0.1333]

  /// The similarity of two pictures, or nil when a side is shorter than ``minimumSide``.
  package static func value(_ first: Picture, _ second: Picture) throws(MetricError) -> Double? {
    try MetricError.check(first, second)
    guard min(first.width, first.height) >= minimumSide else { return nil }
    var sum = 0.0
    let components = first.colorType.componentCount
    for component in 0..<components {
      sum += value(Plane(first, component: component), Plane(second, component: component))
    }
    return sum / Double(components)
  }

  /// The similarity of one component.
  private static func value(_ first: Plane, _ second: Plane) -> Double {
    var (first, second) = (first, second)
    var product = 1.0
    for (scale, weight) in weights.enumerated() {
      if scale > 0 { (first, second) = (first.halved(), second.halved()) }
      let similarity = StructuralSimilarity(first, second)
      let isLast = scale == weights.count - 1
      // Negative values have no such power; they count as no similarity at all.
      product *= pow(max(isLast ? similarity.full : similarity.contrastStructure, 0), weight)
    }
    return product
  }
}

package import GQCodec

/// Structural similarity (Wang et al. 2004), 1 for equal pictures.
///
/// The mean over the components of each one's own similarity, as pytorch-msssim computes it.
package enum SSIM {
  /// The shortest side of a picture that has a value: the window's.
  package static let minimumSide = StructuralSimilarity.windowSize

  /// The similarity of two pictures, or nil when a side is shorter than ``minimumSide``.
  package static func value(_ first: Picture, _ second: Picture) throws(MetricError) -> Double? {
    try MetricError.check(first, second)
    guard min(first.width, first.height) >= minimumSide else { return nil }
    var sum = 0.0
    let components = first.colorType.componentCount
    for component in 0..<components {
      let planes = (Plane(first, component: component), Plane(second, component: component))
      sum += StructuralSimilarity(planes.0, planes.1).full
    }
    return sum / Double(components)
  }
}

/// The training loss that draws every group's divergence to the bits its index has.
///
/// A codebook of K codewords serves a group well when the divergence of the group's posterior from
/// the prior is about log2 K bits. The loss is the mean divergence with groups that lie above the
/// target weighted more and groups below it weighted less; the weights follow the batches. From
/// Xu et al., *Vector Quantization using Gaussian Variational Autoencoder*, arXiv 2512.06609.
public struct TargetDivergence: Sendable, Equatable {
  /// Divergence that a group should have, in bits.
  public let target: Double
  /// Distance from the target at which a group counts as on it, in bits.
  public let tolerance: Double
  /// Weight of the whole loss; the published `lam`.
  public var weight = 1.0
  /// Weight of groups above target and tolerance, within `weightsAbove`; the published `lam_max`.
  public var weightAbove = 1.0
  /// Weight of groups below target and tolerance, within `weightsBelow`; the published `lam_min`.
  public var weightBelow = 1.0

  /// What `weightAbove` is kept in.
  public static let weightsAbove = 1.0...1e3
  /// What `weightBelow` is kept in.
  public static let weightsBelow = 1e-3...1.0
  /// Factor by which an update moves each weight up or down.
  public static let step = 1.01

  /// Starts with all weights 1.
  ///
  /// - Parameters:
  ///   - target: Bits that a group should have: log2 of the codebook's size.
  ///   - tolerance: Distance from the target that is let pass, in bits.
  public init(target: Double, tolerance: Double = 0.5) {
    self.target = target
    self.tolerance = tolerance
  }

  /// The loss of a batch under the present weights.
  ///
  /// - Parameter divergences: Bits of each group, as in `Quantization.divergences`; none stops the
  ///   program.
  public func loss(of divergences: [Double]) -> Double {
    precondition(!divergences.isEmpty, "there is at least one group")
    var sum = 0.0
    for divergence in divergences {
      if divergence > target + tolerance {
        sum += weightAbove * divergence
      } else if divergence < target - tolerance {
        sum += weightBelow * divergence
      } else {
        sum += divergence
      }
    }
    return sum / Double(divergences.count) * weight
  }

  /// Moves the weights after a step of training.
  ///
  /// - Parameter batch: The divergences of the step's batch. A mean above the target raises
  ///   `weight`, a maximum beyond the tolerance raises `weightAbove` and a minimum beyond it lowers
  ///   `weightBelow`; otherwise each moves the other way.
  public mutating func update(after batch: DivergenceSummary) {
    weight = moved(weight, up: batch.mean > target)
    let above = moved(weightAbove, up: batch.maximum > target + tolerance)
    weightAbove = min(
      max(above, Self.weightsAbove.lowerBound), Self.weightsAbove.upperBound)
    let below = moved(weightBelow, up: batch.minimum >= target - tolerance)
    weightBelow = min(
      max(below, Self.weightsBelow.lowerBound), Self.weightsBelow.upperBound)
  }

  /// A weight one step up or down.
  private func moved(_ weight: Double, up: Bool) -> Double {
    up ? weight * Self.step : weight / Self.step
  }
}

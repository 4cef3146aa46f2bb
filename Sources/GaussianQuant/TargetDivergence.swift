/// The training loss that pulls every group's divergence towards the bits its index has.
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
  /// Factor by which an update moves each weight up or down; the published `lam_factor`.
  public let step: Double
  /// What `weightAbove` is kept in; the upper bound is the published `lam_range[1]`.
  public let weightsAbove: ClosedRange<Double>
  /// What `weightBelow` is kept in; the lower bound is the published `lam_range[0]`.
  public let weightsBelow: ClosedRange<Double>
  /// Weight of the whole loss; the published `lam`.
  public var weight = 1.0
  /// Weight of groups above target and tolerance, within `weightsAbove`; the published `lam_max`.
  public var weightAbove = 1.0
  /// Weight of groups below target and tolerance, within `weightsBelow`; the published `lam_min`.
  public var weightBelow = 1.0

  /// Starts with all weights 1.
  ///
  /// The defaults are the published ones. A step below 1, or ranges without 1 or with bounds that are not above zero, stop
  /// the program.
  ///
  /// - Parameters:
  ///   - target: Bits that a group should have: log2 of the codebook's size.
  ///   - tolerance: Distance from the target that is let pass, in bits.
  ///   - step: Factor by which an update moves each weight up or down, at least 1.
  ///   - weightsAbove: What the weight of groups above the target is kept in.
  ///   - weightsBelow: What the weight of groups below the target is kept in.
  public init(
    target: Double, tolerance: Double = 0.5, step: Double = 1.01,
    weightsAbove: ClosedRange<Double> = 1...1e7, weightsBelow: ClosedRange<Double> = 1e-7...1
  ) {
    precondition(step >= 1 && step.isFinite, "a step is a finite factor of at least 1")
    precondition(
      weightsAbove.contains(1) && weightsBelow.contains(1) && weightsAbove.lowerBound > 0
        && weightsBelow.lowerBound > 0, "weights begin with 1 and are above zero")
    self.target = target
    self.tolerance = tolerance
    self.step = step
    self.weightsAbove = weightsAbove
    self.weightsBelow = weightsBelow
  }

  /// The weight that a group of this divergence has in the loss, `weight` apart.
  func weight(of divergence: Double) -> Double {
    if divergence > target + tolerance { return weightAbove }
    return divergence < target - tolerance ? weightBelow : 1
  }

  /// The loss of a batch under the present weights.
  ///
  /// - Parameter divergences: Bits of each group, as in `Quantization.divergences`; none stops the
  ///   program.
  public func loss(of divergences: [Double]) -> Double {
    precondition(!divergences.isEmpty, "there is at least one group")
    var sum = 0.0
    for divergence in divergences { sum += weight(of: divergence) * divergence }
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
      max(above, weightsAbove.lowerBound), weightsAbove.upperBound)
    let below = moved(weightBelow, up: batch.minimum >= target - tolerance)
    weightBelow = min(
      max(below, weightsBelow.lowerBound), weightsBelow.upperBound)
  }

  /// A weight one step up or down.
  private func moved(_ weight: Double, up: Bool) -> Double {
    up ? weight * step : weight / step
  }
}

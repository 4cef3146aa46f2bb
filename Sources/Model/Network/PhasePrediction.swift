package import GQBitstream

/// What is known of the coefficients of one phase before those of a group are decoded.
package struct PhasePrediction: Sendable {
  /// The phase.
  package let phase: CodingPhase
  /// Its positions as row-major numbers in the grid.
  package let positions: [Int]
  /// The level of each position.
  package let levels: [UInt8]
  /// Predicted leading latents, [n, leading]; the others are predicted to be 0.
  package let mean: [Float]
  /// The group that comes next.
  package internal(set) var group = 0
  /// Predicted spread of its coefficients, [n, width]; without meaning elsewhere.
  package internal(set) var scale: [Float]
  /// How the noise of its coefficients shall differ, [n, width]: logarithms of v / (1 - v) up to a constant
  /// of the position, v being the posterior variance. Without meaning elsewhere.
  package internal(set) var logVarianceOffsets: [Float]
  /// Logarithms of the spreads of all coefficients that are to come, before they are bounded, [n, width].
  var unboundedScale: [Float]
  /// Features that the scales of further groups depend on; see ``RefinementNetwork``.
  var hidden: Tensor
}

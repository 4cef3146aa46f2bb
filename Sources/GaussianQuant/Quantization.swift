/// What `GaussianQuant.quantize` makes of an array of posteriors.
public struct Quantization: Sendable, Equatable {
  /// The quantized values in row-major order, each an element of a codeword.
  public let values: [Float]
  /// Shape of the values: that of the input with half the channels along the axis.
  public let shape: [Int]
  /// Number of the codeword of each group in row-major order.
  public let indices: [UInt32]
  /// Shape of the indices: that of the input with the number of groups along the axis.
  public let indicesShape: [Int]
  /// Divergence of each group's posterior from the prior in bits, in the order of the indices.
  public let divergences: [Double]

  /// Mean, smallest and largest of the divergences.
  public var divergence: DivergenceSummary { DivergenceSummary(divergences) }
}

import GQBitstream
import GQModel

/// What the encoder's first half makes of a picture, for passes over it with different levels.
struct PictureFeatures {
  /// The nonlinear part of the features, from above to below; nil when it is to be computed again.
  let nonlinear: [TensorSlice]?
  /// Graphics that the network does not see.
  let outside: OutsidePositions?

  /// Reads a picture; the features, and what is expected of levels.
  ///
  /// - Parameters:
  ///   - holds: whether the features are kept.
  ///   - observe: called with the samples of some rows.
  static func read(
    _ source: some PictureSource, _ header: Header, _ network: Network,
    outside: OutsidePositions? = nil, holds: Bool, observe: @escaping ([UInt8]) -> Void = { _ in }
  ) throws -> (PictureFeatures, LevelErrors) {
    var errors = LevelErrors(header: header)
    var parts: [TensorSlice] = []
    var errorStream = try network.errorStream(columns: header.columns, outside: outside)
    try network.forEachFeatures(
      source, header, outside: outside, observe: { samples, _ in observe(samples) }
    ) { features, isLast in
      if holds { parts.append(features.nonlinear) }
      errors.append(errorStream.push(features, isLast: isLast))
    }
    return (PictureFeatures(nonlinear: holds ? parts : nil, outside: outside), errors)
  }
}

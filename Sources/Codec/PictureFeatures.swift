import GQBitstream
import GQModel

/// What the network knows of a picture before levels are chosen.
struct PictureFeatures {
  /// What is expected of levels.
  let errors: LevelErrors
  /// The nonlinear part of the features, from above to below; nil when it is to be computed again.
  let nonlinear: [TensorSlice]?
  /// The positions that the network does not see.
  let outside: OutsidePositions?

  /// Reads a picture.
  ///
  /// - Parameters:
  ///   - holds: whether the features are kept.
  ///   - observe: called with the samples of some rows.
  init(
    _ network: Network, _ source: some PictureSource, _ header: Header,
    outside: OutsidePositions? = nil, holds: Bool, observe: @escaping ([UInt8]) -> Void = { _ in }
  ) throws {
    var errors = LevelErrors(header: header)
    var parts: [TensorSlice] = []
    var errorStream = try network.errorStream(columns: header.columns, outside: outside)
    try network.forEachFeatures(
      source, header, outside: outside, observe: { samples, _ in observe(samples) }
    ) { features, isLast in
      if holds { parts.append(features.nonlinear) }
      errors.append(errorStream.push(features, isLast: isLast))
    }
    self.errors = errors
    nonlinear = holds ? parts : nil
    self.outside = outside
  }
}

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// Widths, depths and levels of a network, as its weights file states them under the metadata key `gqimg`.
public struct ModelConfiguration: Sendable, Equatable, Decodable {
  /// The value of `architecture` that this code runs.
  public static let supportedArchitecture = 1

  /// Number of the network's structure; other structures need another program.
  public let architecture: Int
  /// Channels at 1/8 of the resolution.
  public let fine: Int
  /// Channels at 1/16.
  public let coarse: Int
  /// Channels of the conditional prior, at 1/16.
  public let prior: Int
  /// Blocks of the encoder at 1/8.
  public let encoderFine: Int
  /// Blocks of the encoder at 1/16.
  public let encoderCoarse: Int
  /// Blocks of the decoder at 1/16.
  public let decoderCoarse: Int
  /// Blocks of the decoder at 1/8.
  public let decoderFine: Int
  /// Blocks of the conditional prior.
  public let priorBlocks: Int
  /// Latent channels per position.
  public let latents: Int
  /// Slope of the leaky ReLU for negative values.
  public let slope: Float
  /// Smooth bound on the logarithm of the prior's scale.
  public let scaleBound: Float
  /// Smooth bound on a latent's magnitude before quantization.
  public let latentBound: Float
  /// log2 of the codebook size.
  public let codebookBits: Int
  /// Seed of the codebook.
  public let codebookSeed: UInt64
  /// Expected squared error of real codewords relative to the posterior's variance, by group dimension.
  public let codeError: [String: Double]
  /// For each level its groups as [first channel, dimension].
  public let levels: [[[Int]]]

  /// Reads and checks the configuration in a weights file.
  ///
  /// - Throws: `ModelError.badConfiguration`.
  public init(from file: Safetensors) throws(ModelError) {
    guard let text = file.metadata["gqimg"] else {
      throw .badConfiguration("the metadata has no entry \"gqimg\"")
    }
    do {
      self = try JSONDecoder().decode(Self.self, from: Data(text.utf8))
    } catch {
      throw .badConfiguration("the entry \"gqimg\" is not as expected: \(error)")
    }
    try check()
  }

  private func check() throws(ModelError) {
    guard architecture == Self.supportedArchitecture else {
      throw .badConfiguration(
        "architecture \(architecture), this program runs \(Self.supportedArchitecture)")
    }
    for (name, value) in [
      ("fine", fine), ("coarse", coarse), ("prior", prior), ("latents", latents),
    ]
    where !(1...4096).contains(value) {
      throw .badConfiguration("\(name) is \(value), expected 1 to 4096")
    }
    for count in [encoderFine, encoderCoarse, decoderCoarse, decoderFine, priorBlocks]
    where !(1...64).contains(count) {
      throw .badConfiguration("\(count) blocks, expected 1 to 64")
    }
    guard (1...20).contains(codebookBits) else {
      throw .badConfiguration("codebookBits is \(codebookBits), expected 1 to 20")
    }
    for value in [slope, scaleBound, latentBound] where !(value > 0 && value.isFinite) {
      throw .badConfiguration("slope, scaleBound and latentBound must be positive")
    }
    guard (2...32).contains(levels.count) else {
      throw .badConfiguration("\(levels.count) levels, expected 2 to 32")
    }
    for groups in levels {
      guard groups.count <= 255 else {
        throw .badConfiguration("\(groups.count) groups in a level, at most 255")
      }
      for group in groups {
        guard group.count == 2, group[0] >= 0, (1...64).contains(group[1]),
          group[0] <= latents - group[1]
        else {
          throw .badConfiguration("group \(group) does not lie in \(latents) latents")
        }
        guard let error = codeError[String(group[1])], error >= 1, error < 16 else {
          throw .badConfiguration("codeError for dimension \(group[1]) is missing or out of range")
        }
      }
    }
  }
}

public import Bitstream
public import Model

/// Turns `.gqz` files into pictures. One decoder may serve many files and threads. Inverse: `GQEncoder`.
public final class GQDecoder: Sendable {
  private let network: Network
  private let quantizer: LatentQuantizer

  /// A decoder for a model.
  ///
  /// - Throws: `GaussianQuantError` when the model's codebooks are not possible.
  public init(network: Network) throws {
    self.network = network
    quantizer = try LatentQuantizer(network, searching: false)
  }

  /// Decodes a file.
  ///
  /// - Throws: `BitstreamError` for damaged bytes, `CodecError` for a file of another model.
  public func decode(_ bytes: [UInt8], limits: DecodeLimits = DecodeLimits()) throws -> Picture {
    let file = try FileStructure(parsing: bytes, limits: limits)
    try check(file)
    let coded = try CodedPicture(file)
    let offsets = file.layout.indexOffsets
    let levels = coded.levelMap.levels
    let latents = try network.decodedLatents(
      rows: coded.levelMap.rows, columns: coded.levelMap.columns, levels: levels
    ) { prediction in
      quantizer.decode(
        { k in
          let position = prediction.positions[k]
          return coded.indices[offsets[position]..<offsets[position + 1]]
        }, levels: prediction.levels)
    }
    return Picture(
      networkOutput: try network.pixels(latents, levels: levels), width: file.header.width,
      height: file.header.height, colorType: file.header.colorType == .grey ? .grey : .rgb)
  }

  /// Checks that the file was made with this model.
  private func check(_ file: FileStructure) throws(CodecError) {
    let c = network.configuration
    guard file.header.modelIdentifier == network.identifier else {
      throw .wrongModel(expected: network.identifier, found: file.header.modelIdentifier)
    }
    for (what, expected, found) in [
      ("ladder", "\(network.levels.indexCounts)", "\(file.ladder.indexCounts)"),
      ("codebook bits", "\(c.codebookBits)", "\(file.header.codebookBits)"),
      ("codebook seed", "\(c.codebookSeed)", "\(file.header.codebookSeed)"),
    ] where expected != found {
      throw .incompatible(what: what, expected: expected, found: found)
    }
  }
}

public import Bitstream
public import Model

/// Turns `.gqz` files into pictures. One decoder may serve many files and threads. Inverse: `GQEncoder`.
public final class GQDecoder: Sendable {
  private let network: Network

  /// A decoder for a model.
  public init(network: Network) {
    self.network = network
  }

  /// Decodes a file.
  ///
  /// - Throws: `BitstreamError` for damaged bytes, `CodecError` for a file of another model.
  public func decode(_ bytes: [UInt8], limits: DecodeLimits = DecodeLimits()) throws -> Picture {
    let file = try FileStructure(parsing: bytes, limits: limits)
    try check(file)
    let alpha = try file.alpha()
    let coded = try CodedPicture(file)
    let coder = LatentCoder(
      network: network,
      quantizer: try makeQuantizer(
        file.header.quantizer, seed: file.header.seed, table: network.levels, pool: network.pool),
      header: file.header, levelMap: coded.levelMap)
    let opaque = Picture(
      networkOutput: try network.pixels(
        try coder.decode(coded.tiles), levels: coded.levelMap.levels),
      width: file.header.width, height: file.header.height,
      colorType: file.header.colorType == .grey ? .grey : .rgb)
    return Picture(
      width: opaque.width, height: opaque.height, colorType: opaque.colorType,
      samples: opaque.samples, alpha: alpha?.samples,
      metadata: PictureMetadata(
        iccProfile: file.ancillary(Chunk.iccProfile), exif: file.ancillary(Chunk.exif),
        xmp: file.ancillary(Chunk.xmp)))
  }

  /// Checks that the file was made with this model.
  private func check(_ file: FileStructure) throws(CodecError) {
    guard file.header.modelIdentifier == network.identifier else {
      throw .wrongModel(expected: network.identifier, found: file.header.modelIdentifier)
    }
    guard file.ladder == LevelLadder(network.levels) else {
      throw .incompatible(
        what: "ladder", expected: "\(network.levels.bits)", found: "\(file.ladder.bits)")
    }
  }
}

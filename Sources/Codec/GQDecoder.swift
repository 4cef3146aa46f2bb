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
    return try picture(file, try CodedPicture(file).segments, alpha)
  }

  /// Decodes what can be decoded of a damaged file.
  ///
  /// Header and level map are needed, or the file's copy of them. Damaged tiles are concealed with what the model
  /// expects and what is around them; pixels that damage does not reach are those of the undamaged file, to the last
  /// bit.
  ///
  /// - Throws: `BitstreamError` when header or level map cannot be read, `CodecError` for a file of another model.
  public func recover(
    _ bytes: [UInt8], options: RecoveryOptions = RecoveryOptions(),
    limits: DecodeLimits = DecodeLimits()
  ) throws -> Recovery {
    let file = try FileStructure(recovering: bytes, limits: limits)
    try check(file)
    var problems = file.problems
    var alpha: AlphaPlane?
    do { alpha = try file.alpha() } catch { problems.append(error) }

    var damage: [Recovery.Damage] = []
    var isDamaged: [Bool] = []
    let segments = file.layout.segments.map { segment -> [UInt8]? in
      do throws(BitstreamError) {
        let data = Array(try file.data(of: segment))
        isDamaged.append(false)
        return data
      } catch {
        damage.append(Recovery.Damage(segment, file, error))
        isDamaged.append(true)
        return options.usesDamagedBits ? file.uncheckedData(of: segment) : nil
      }
    }
    let reach = DamageReach(
      lost: isDamaged, layout: file.layout, levels: file.levelMap.levels,
      grid: LatentGrid(rows: file.levelMap.rows, columns: file.levelMap.columns), network: network)
    return Recovery(
      picture: try picture(file, segments, alpha), damage: damage, problems: problems,
      untouchedShare: Double(reach.pixels.count { !$0 }) / Double(reach.pixels.count))
  }

  private func picture(
    _ file: FileStructure, _ segments: [[UInt8]?], _ alpha: AlphaPlane?
  ) throws -> Picture {
    let coder = LatentCoder(
      network: network,
      quantizer: try makeQuantizer(
        file.header.quantizer, seed: file.header.seed, table: network.levels, pool: network.pool),
      header: file.header, levelMap: file.levelMap, order: file.layout.order)
    let opaque = Picture(
      networkOutput: try network.pixels(
        try coder.decode(segments), levels: file.levelMap.levels),
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

import GQBitstream
package import GQModel

/// Turns pictures into `.gqz` files that keep every sample: all positions are graphics, and neither encoding nor decoding needs a
/// model. Inverse: `GQDecoder`.
package struct LosslessEncoder: Sendable {
  private let pool: WorkerPool

  /// An encoder that uses so many threads.
  package init(pool: WorkerPool) {
    self.pool = pool
  }

  /// The file of a picture: samples, alpha and the colours under it as they are.
  ///
  /// - Throws: `CodecError.targetTooSmall` for a file above the target's limit, other `CodecError`s for impossible options,
  ///   `BitstreamError.limitExceeded` for a picture that `DecodeLimits` would refuse.
  package func encode(_ picture: Picture, options: EncodingOptions) throws -> GQEncoder.Result {
    try options.check()
    return try encode(
      PictureRows(picture: picture), try Attachments(picture, preview: options.preview), options)
  }

  /// The same for a picture whose rows are read as they are needed.
  ///
  /// - Throws: as `encode(_:options:)`, and what the source throws.
  package func encode(
    _ source: some PictureSource, options: EncodingOptions
  ) throws -> GQEncoder.Result {
    try options.check()
    return try encode(source, try Attachments(source.metadata, preview: options.preview), options)
  }

  func encode(
    _ source: some PictureSource, _ attachments: Attachments, _ options: EncodingOptions
  ) throws -> GQEncoder.Result {
    // What readers refuse is not written.
    try DecodeLimits().check(width: source.width, height: source.height)
    if try source.isNeutral() {
      return try encode(NeutralRows(rows: source), .neutral, attachments, options)
    }
    return try encode(
      source, source.colorType == .grey ? .grey : .rgb, attachments, options)
  }

  func encode(
    _ source: some PictureSource, _ colorType: Header.ColorType, _ attachments: Attachments,
    _ options: EncodingOptions
  ) throws -> GQEncoder.Result {
    let header = Header(
      withoutModel: colorType, width: source.width, height: source.height)
    let mask = [Bool](repeating: true, count: header.rows * header.columns)
    let layer = try CodedGraphics(
      source, header: header, mask: mask, effort: options.effort, pool: pool
    ).layer
    return try Self.file(layer, header, attachments, options)
  }

  /// The file of a layer that covers the whole picture.
  ///
  /// - Throws: `CodecError.targetTooSmall` for a file above the target's limit.
  static func file(
    _ layer: GraphicsLayer, _ header: Header, _ attachments: Attachments,
    _ options: EncodingOptions
  ) throws(CodecError) -> GQEncoder.Result {
    let header = Header(
      withoutModel: header.colorType, width: header.width, height: header.height)
    let map = LevelMap(
      columns: header.columns, rows: header.rows,
      levels: [UInt8](repeating: 0, count: header.rows * header.columns))
    let layout = TileLayout(
      header: header, rateTable: .withoutCodes, levelMap: map, order: options.order)
    let bytes = CodedPicture(
      header: header, rateTable: .withoutCodes, levelMap: map, graphics: layer,
      order: options.order,
      segments: Array(repeating: [], count: layout.segments.count), ancillary: attachments.chunks,
      hasHeadCopy: options.copiesHead
    ).serialized()
    if let allowed = options.target.bytes(header), bytes.count > allowed {
      throw .targetTooSmall(allowedBytes: allowed, smallestBytes: bytes.count)
    }
    return GQEncoder.Result(bytes: bytes, levelMap: map)
  }
}

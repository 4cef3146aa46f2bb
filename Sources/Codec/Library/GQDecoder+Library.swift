import GQBitstream
package import GQModel

extension GQDecoder {
  /// A decoder with the weights that come with the library; the file says which it needs.
  ///
  /// - Parameter threads: threads to use; nil for one per core.
  public convenience init(threads: Int? = nil) throws {
    self.init(models: try ModelStore(threadCount: threads))
  }

  /// A decoder that loads the model when a file needs it.
  package convenience init(models: ModelStore) {
    self.init(pool: models.pool) { (_) throws(ModelError) in try models.network() }
  }

  /// The picture of a file, or a region of it.
  ///
  /// - Parameters:
  ///   - bytes: the whole file.
  ///   - region: the pixels that are wanted; only what they depend on is read and computed. nil for all.
  /// - Throws: ``GQError``.
  public func decode(_ bytes: [UInt8], region: PixelRegion? = nil) throws -> Picture {
    try decode(bytes, region: region, limits: DecodeLimits())
  }

  /// The same, away from the caller's actor. Cancellation is looked for every few rows.
  ///
  /// - Parameters:
  ///   - bytes: the whole file.
  ///   - region: the pixels that are wanted; nil for all.
  ///   - progress: is told of rows that are decoded, as a share of all.
  /// - Throws: ``GQError``, `CancellationError`.
  @concurrent public func decode(
    _ bytes: [UInt8], region: PixelRegion? = nil, progress: @Sendable (Double) -> Void
  ) async throws -> Picture {
    let decoding = try open(bytes, region: region)
    var rows = try decoding.rows()
    let count = decoding.width * decoding.height * decoding.colorType.componentCount
    var samples: [UInt8] = []
    samples.reserveCapacity(count)
    while let part = try rows.next() {
      try Task.checkCancellation()
      samples += part
      progress(Double(samples.count) / Double(count))
    }
    return Picture(
      width: decoding.width, height: decoding.height, colorType: decoding.colorType,
      samples: samples, alpha: decoding.alpha, metadata: decoding.metadata)
  }

  /// What can be decoded of a damaged or truncated file; damaged tiles are concealed.
  ///
  /// - Throws: ``GQError`` when header or level map cannot be read.
  public func picture(recovering bytes: [UInt8]) throws -> Picture {
    try recover(bytes, options: RecoveryOptions()).picture
  }

  /// The codes of a file as the bytes of a safetensors file, with all that makes the way back exact. Inverse: ``file(ofTokens:)``.
  ///
  /// - Throws: ``GQError``.
  public func tokens(of bytes: [UInt8]) throws -> [UInt8] {
    try tokens(of: bytes, withStates: false)
  }

  /// The same, with the trellis states where asked for.
  package func tokens(of bytes: [UInt8], withStates: Bool) throws -> [UInt8] {
    let coded = try CodedPicture(parsing: bytes)
    var table = LevelTable.withoutCodes
    if coded.header.needsModel {
      let (network, wanted) = (try model(coded.header), coded.header.modelIdentifier)
      guard network.identifier == wanted else {
        throw CodecError.wrongModel(expected: network.identifier, found: wanted)
      }
      table = network.levels
    }
    return try PictureTokens(coded, table: table).safetensors(withStates: withStates)
  }

  /// The `.gqz` file of tokens. Inverse of ``tokens(of:)``, byte for byte.
  ///
  /// - Throws: ``GQError``.
  public static func file(ofTokens bytes: [UInt8]) throws -> [UInt8] {
    try PictureTokens(safetensors: bytes).serializedPicture()
  }

  /// Width and height of a file's picture, from its first 64 bytes on.
  ///
  /// - Throws: ``GQError``.
  public static func size(of bytes: [UInt8]) throws -> (width: Int, height: Int) {
    let header = try FileStructure.header(of: bytes)
    return (header.width, header.height)
  }
}

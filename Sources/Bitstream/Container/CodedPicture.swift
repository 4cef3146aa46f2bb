/// A picture as packed codes: everything that a `.gqz` file holds.
public struct CodedPicture: Sendable, Equatable {
  /// Size, colour, model and quantizer.
  public let header: Header
  /// Bits per level.
  public let ladder: LevelLadder
  /// The level of every position.
  public let levelMap: LevelMap
  /// For each tile its positions' bits, phase by phase and row by row, packed from the most significant bit of
  /// each byte on and filled up with zeros; no bytes where there are no bits.
  public let tiles: [[UInt8]]
  /// Chunks that a decoder may skip.
  public let ancillary: [Chunk]

  /// A coded picture; tiles of another size than the level map implies stop the program.
  public init(
    header: Header, ladder: LevelLadder, levelMap: LevelMap, tiles: [[UInt8]],
    ancillary: [Chunk] = []
  ) {
    let layout = TileLayout(header: header, ladder: ladder, levelMap: levelMap)
    precondition(tiles.map(\.count) == layout.tiles.map(\.dataByteCount))
    self.header = header
    self.ladder = ladder
    self.levelMap = levelMap
    self.tiles = tiles
    self.ancillary = ancillary
  }

  /// The bytes of a file. Inverse: `init(parsing:limits:)`.
  public func serialized() -> [UInt8] {
    var bytes = Self.preamble(header)
    for chunk in ancillary { chunk.write(to: &bytes) }
    Self.levelMapChunk(ladder, levelMap).write(to: &bytes)
    let layout = TileLayout(header: header, ladder: ladder, levelMap: levelMap)
    bytes.append(Chunk.indices)
    bytes.appendVarint(UInt64(layout.byteCount))
    for data in tiles where !data.isEmpty {
      bytes.appendWord(CRC32.of(data[...]))
      bytes += data
    }
    return bytes
  }

  /// Reads a whole file. Inverse of `serialized`.
  ///
  /// - Throws: `BitstreamError`.
  public init(parsing bytes: [UInt8], limits: DecodeLimits = DecodeLimits()) throws(BitstreamError)
  {
    try self.init(FileStructure(parsing: bytes, limits: limits))
  }

  /// Takes the tiles of a file.
  ///
  /// - Throws: `BitstreamError.checksumMismatch` when one is damaged, `invalidValue` for bits after its end.
  public init(_ file: FileStructure) throws(BitstreamError) {
    var tiles: [[UInt8]] = []
    for tile in file.layout.tiles { tiles.append(Array(try file.data(of: tile))) }
    header = file.header
    ladder = file.ladder
    levelMap = file.levelMap
    self.tiles = tiles
    ancillary = file.ancillary
  }

  /// Bytes that `serialized` will have, before a single code is known.
  public static func byteCount(
    header: Header, ladder: LevelLadder, levelMap: LevelMap, ancillary: [Chunk] = []
  ) -> Int {
    let layout = TileLayout(header: header, ladder: ladder, levelMap: levelMap)
    return preamble(header).count
      + ancillary.reduce(0) { $0 + Chunk.byteCount(payload: $1.payload.count) }
      + Chunk.byteCount(payload: levelMapChunk(ladder, levelMap).payload.count)
      + 1 + varintByteCount(UInt64(layout.byteCount)) + layout.byteCount
  }

  /// Signature, version and header.
  private static func preamble(_ header: Header) -> [UInt8] {
    var bytes = FileStructure.signature
    let start = bytes.count
    bytes.append(FileStructure.version)
    let payload = header.payload
    bytes.appendVarint(UInt64(payload.count))
    bytes += payload
    bytes.appendWord(CRC32.of(bytes[start...]))
    return bytes
  }

  private static func levelMapChunk(_ ladder: LevelLadder, _ levelMap: LevelMap) -> Chunk {
    var payload: [UInt8] = []
    ladder.write(to: &payload)
    payload += levelMap.encoded(ladder)
    return Chunk(type: Chunk.levelMap, payload: payload)
  }
}

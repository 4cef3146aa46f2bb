/// A `.gqz` file taken apart as far as its tiles, which stay packed: what can be told without a model.
public struct FileStructure: Sendable {
  /// The first bytes of every file.
  public static let signature: [UInt8] = [0x8B, 0x47, 0x51, 0x5A, 0x0D, 0x0A, 0x1A, 0x0A]
  /// The format's version.
  public static let version: UInt8 = 1

  /// The header.
  public let header: Header
  /// Bits per level.
  public let ladder: LevelLadder
  /// The level of every position.
  public let levelMap: LevelMap
  /// Bytes of the level map chunk's payload.
  public let levelMapByteCount: Int
  /// Where every tile is.
  public let layout: TileLayout
  /// Chunks that a decoder may skip, in order.
  public let ancillary: [Chunk]

  private let bytes: [UInt8]
  private let tileStart: Int
  private let alphaRange: Range<Int>?

  /// The header alone, of a file whose rest may be anything.
  ///
  /// - Throws: `BitstreamError`.
  public static func header(
    of bytes: [UInt8], limits: DecodeLimits = DecodeLimits()
  ) throws(BitstreamError) -> Header {
    var cursor = ByteCursor(bytes)
    return try parseHeader(&cursor, limits: limits)
  }

  /// Reads a file up to its tiles and checks that the tiles are there.
  ///
  /// - Throws: `BitstreamError`.
  public init(parsing bytes: [UInt8], limits: DecodeLimits = DecodeLimits()) throws(BitstreamError)
  {
    var cursor = ByteCursor(bytes)
    header = try Self.parseHeader(&cursor, limits: limits)
    var ancillary: [Chunk] = []
    var alphaRange: Range<Int>?
    var map: (ladder: LevelLadder, levels: LevelMap, byteCount: Int)?
    var tiles: (layout: TileLayout, start: Int)?
    while !cursor.isAtEnd {
      let start = cursor.offset
      let type = try cursor.byte("chunk type")
      if type == Chunk.indices {
        guard let map, tiles == nil else {
          throw .invalidValue(
            what: "chunk", offset: start, found: "I", expected: "one I after the level map")
        }
        let layout = TileLayout(header: header, ladder: map.ladder, levelMap: map.levels)
        let length = try cursor.size("length of the indices", limit: Int.max)
        guard length == layout.byteCount else {
          throw .invalidValue(
            what: "length of the indices", offset: start + 1, found: "\(length)",
            expected: "\(layout.byteCount), which the level map implies")
        }
        tiles = (layout, cursor.offset)
        _ = try cursor.slice(length, "indices")
        continue
      }
      guard type == Chunk.levelMap || Chunk.isAncillary(type) else {
        guard Chunk.isCritical(type) else {
          throw .invalidValue(
            what: "chunk type", offset: start, found: "\(type)", expected: "an ASCII letter")
        }
        throw .unknownCriticalChunk(type: type, offset: start)
      }
      let length = try cursor.size(
        "chunk length",
        limit: type == Chunk.alpha ? AlphaPlane.maxByteCount(header) : limits.maxAncillaryBytes)
      let payload = try cursor.slice(length, "chunk")
      let computed = CRC32.of(bytes[start..<cursor.offset])
      let declared = try cursor.word("chunk checksum")
      guard declared == computed else {
        throw .checksumMismatch(
          what: type == Chunk.levelMap ? "level map" : "ancillary chunk", offset: start,
          declared: declared, computed: computed)
      }
      if type == Chunk.levelMap {
        guard map == nil else {
          throw .invalidValue(what: "chunk", offset: start, found: "a second L", expected: "one")
        }
        map = try Self.parseLevelMap(bytes, payload.indices, header)
      } else {
        guard ancillary.count < limits.maxAncillaryChunks else {
          throw .limitExceeded(
            what: "number of ancillary chunks", found: ancillary.count + 1,
            limit: limits.maxAncillaryChunks)
        }
        guard !Chunk.defined.contains(type) || !ancillary.contains(where: { $0.type == type })
        else {
          throw .invalidValue(
            what: "chunk", offset: start, found: "a second \(Character(UnicodeScalar(type)))",
            expected: "at most one")
        }
        if type == Chunk.alpha { alphaRange = payload.indices }
        ancillary.append(Chunk(type: type, payload: Array(payload)))
      }
    }
    guard let map else { throw .missingChunk("level map") }
    guard let tiles else { throw .missingChunk("index") }
    ladder = map.ladder
    levelMap = map.levels
    levelMapByteCount = map.byteCount
    layout = tiles.layout
    tileStart = tiles.start
    self.ancillary = ancillary
    self.alphaRange = alphaRange
    self.bytes = bytes
  }

  /// The payload of an ancillary chunk, nil when there is none of this type.
  public func ancillary(_ type: UInt8) -> [UInt8]? {
    ancillary.first { $0.type == type }?.payload
  }

  /// The alpha of every pixel, nil when the picture is opaque.
  ///
  /// - Throws: `BitstreamError.invalidValue` when the chunk is not what the format says.
  public func alpha() throws(BitstreamError) -> AlphaPlane? {
    guard let alphaRange else { return nil }
    return try AlphaPlane(decoding: bytes[alphaRange], header: header)
  }

  /// Bytes of the file.
  public var byteCount: Int { bytes.count }

  /// Whether a tile's bytes match its checksum; a tile without bits always is.
  public func isIntact(_ tile: TileLayout.Tile) -> Bool {
    (try? data(of: tile)) != nil
  }

  /// The packed bits of a tile.
  ///
  /// - Throws: `BitstreamError.checksumMismatch` when the tile is damaged, `invalidValue` for bits after its end.
  public func data(of tile: TileLayout.Tile) throws(BitstreamError) -> ArraySlice<UInt8> {
    guard tile.byteCount > 0 else { return [] }
    let start = tileStart + tile.offset
    let data = bytes[start + 4..<start + tile.byteCount]
    var cursor = ByteCursor(bytes, offset: start)
    let declared = try cursor.word("tile checksum")
    let computed = CRC32.of(data)
    guard declared == computed else {
      throw .checksumMismatch(
        what: "tile at row \(tile.rows.lowerBound), column \(tile.columns.lowerBound)",
        offset: start, declared: declared, computed: computed)
    }
    let unused = tile.dataByteCount * 8 - tile.bitCount
    guard data[data.endIndex - 1] & (1 << UInt8(unused) - 1) == 0 else {
      throw .invalidValue(
        what: "padding", offset: data.endIndex - 1, found: "ones", expected: "\(unused) zero bits")
    }
    return data
  }

  private static func parseHeader(
    _ cursor: inout ByteCursor, limits: DecodeLimits
  ) throws(BitstreamError) -> Header {
    let first = cursor.bytes.prefix(signature.count)
    guard first.elementsEqual(signature) else {
      if first.count == signature.count, first.prefix(4).elementsEqual(signature.prefix(4)) {
        throw .damagedSignature
      }
      if signature.starts(with: first), !first.isEmpty {
        throw .truncated(
          what: "signature", offset: 0, needed: signature.count, available: first.count)
      }
      throw .notGQZ
    }
    _ = try cursor.slice(signature.count, "signature")
    let start = cursor.offset
    let declaredVersion = try cursor.byte("version")
    guard declaredVersion == version else {
      throw .unsupportedVersion(found: Int(declaredVersion), supported: Int(version))
    }
    let length = try cursor.size("header length", limit: 64)
    let end = cursor.offset + length
    var inside = cursor
    let payload = try cursor.slice(length, "header")
    let computed = CRC32.of(cursor.bytes[start..<payload.endIndex])
    let declared = try cursor.word("header checksum")
    guard declared == computed else {
      throw .checksumMismatch(what: "header", offset: start, declared: declared, computed: computed)
    }
    return try Header(parsing: &inside, end: end, limits: limits)
  }

  private static func parseLevelMap(
    _ bytes: [UInt8], _ range: Range<Int>, _ header: Header
  ) throws(BitstreamError) -> (ladder: LevelLadder, levels: LevelMap, byteCount: Int) {
    var cursor = ByteCursor(Array(bytes[..<range.upperBound]), offset: range.lowerBound)
    let ladder = try LevelLadder(parsing: &cursor)
    let levels = try LevelMap(
      decoding: bytes[cursor.offset..<range.upperBound], columns: header.columns, rows: header.rows,
      ladder: ladder)
    return (ladder, levels, range.count)
  }
}

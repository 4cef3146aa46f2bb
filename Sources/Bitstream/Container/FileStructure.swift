/// A `.gqz` file parsed as far as its tiles, which stay packed: what can be told without a model.
package struct FileStructure: Sendable {
  /// The first bytes of every file.
  package static let signature: [UInt8] = [0x8B, 0x47, 0x51, 0x5A, 0x0D, 0x0A, 0x1A, 0x0A]
  /// The format's version.
  package static let version: UInt8 = 1

  /// The header.
  package let header: Header
  /// Bits per level.
  package let rateTable: RateTable
  /// The level of every position; 0 where blocks were not read.
  package let levelMap: LevelMap
  /// Bytes of the level map chunk's payload.
  package let levelMapByteCount: Int
  /// Of a divided picture the blocks of the level map, and where they are.
  package let levelMapBlocks: [(block: GridRectangle, bytes: Range<Int>)]
  /// Blocks of the level map that are damaged: nothing is known of their tiles but where they are.
  private let lostBlocks: [(block: GridRectangle, error: BitstreamError)]
  /// Where every tile is.
  package let layout: TileLayout
  /// Chunks that a decoder may skip, in order.
  package let ancillary: [Chunk]
  /// Whether header and level map stand in the file a second time.
  package let hasHeadCopy: Bool
  /// What is wrong beside the codes; empty unless the file was read with `init(recovering:limits:)`.
  package let problems: [BitstreamError]

  let bytes: [UInt8]
  /// Where the first segment begins.
  let codeStart: Int
  private let alphaRange: Range<Int>?
  private let parsedGraphics: ParsedGraphics?

  /// The header alone, of a file whose rest may be anything.
  ///
  /// - Throws: `BitstreamError`.
  package static func header(
    of bytes: [UInt8], limits: DecodeLimits = DecodeLimits()
  ) throws(BitstreamError) -> Header {
    var cursor = ByteCursor(bytes)
    try skipSignature(&cursor)
    return try parseHeader(&cursor, limits: limits)
  }

  init(
    bytes: [UInt8], header: Header, map: ParsedLevelMap, layout: TileLayout, codeStart: Int,
    ancillary: [Chunk], alphaRange: Range<Int>?, graphics: ParsedGraphics?, hasHeadCopy: Bool,
    problems: [BitstreamError]
  ) {
    self.bytes = bytes
    self.header = header
    rateTable = map.rateTable
    levelMap = map.levels
    levelMapByteCount = map.byteCount
    levelMapBlocks = map.blocks
    lostBlocks = map.lost
    self.layout = layout
    self.codeStart = codeStart
    self.ancillary = ancillary
    self.alphaRange = alphaRange
    parsedGraphics = graphics
    self.hasHeadCopy = hasHeadCopy
    self.problems = problems
  }

  /// Reads a file up to its tiles and checks that the tiles are there.
  ///
  /// - Parameter window: the positions whose levels and tiles are wanted; nil for all. Of a divided picture other blocks of the
  ///   level map are not looked at and their tiles have no bits: there may be anything at their places in `bytes`.
  /// - Throws: `BitstreamError`.
  package init(
    parsing bytes: [UInt8], limits: DecodeLimits = DecodeLimits(), window: GridRectangle? = nil
  ) throws(BitstreamError) {
    var cursor = ByteCursor(bytes)
    try Self.skipSignature(&cursor)
    let headStart = cursor.offset
    let header = try Self.parseHeader(&cursor, limits: limits)
    let headerRange = headStart..<cursor.offset
    var ancillary: [Chunk] = []
    var alphaRange: Range<Int>?
    var copyRange: Range<Int>?
    var map: ParsedLevelMap?
    var mapRange = 0..<0
    var codes: (layout: TileLayout, start: Int)?
    var graphics: ParsedGraphics?
    while !cursor.isAtEnd {
      let start = cursor.offset
      if let order = CodeOrder(chunkType: bytes[start]) {
        guard let map, codes == nil else {
          throw .invalidValue(
            what: "chunk", offset: start, found: String(Character(UnicodeScalar(bytes[start]))),
            expected: "one I or P after the level map")
        }
        let implied = TileLayout(
          header: header, rateTable: map.rateTable, levelMap: map.levels, order: order)
        codes = try TileLayout.parse(
          &cursor, implied: implied, isKnown: window.map { window in { window.overlaps($0) } })
        continue
      }
      if bytes[start] == Chunk.graphics {
        guard map != nil, codes == nil, graphics == nil else {
          throw .invalidValue(
            what: "chunk", offset: start, found: "G",
            expected: "at most one between level map and codes")
        }
        graphics = try ParsedGraphics(parsing: &cursor, header: header, limits: limits)
        continue
      }
      if bytes[start] == Chunk.levelMap {
        guard map == nil else {
          throw .invalidValue(what: "chunk", offset: start, found: "a second L", expected: "one")
        }
        map = try ParsedLevelMap(parsing: &cursor, header: header, limits: limits, window: window)
        mapRange = start..<cursor.offset
        continue
      }
      let (type, payload): (type: UInt8, payload: Range<Int>)
      do throws(BitstreamError) {
        (type, payload) = try Self.parseChunk(&cursor, header, limits)
      } catch {
        // Behind the codes of a whole picture: nothing that was cut off, but something that was put there.
        guard codes != nil, bytes[start] != Chunk.headCopy else { throw error }
        throw .trailingBytes(offset: start, count: bytes.count - start)
      }
      guard ancillary.count < limits.maxAncillaryChunks else {
        throw .limitExceeded(
          what: "number of ancillary chunks", found: ancillary.count + 1,
          limit: limits.maxAncillaryChunks)
      }
      let isCopy = type == Chunk.headCopy
      guard
        !Chunk.defined.contains(type) || !ancillary.contains(where: { $0.type == type }),
        !isCopy || copyRange == nil
      else {
        throw .invalidValue(
          what: "chunk", offset: start, found: "a second \(Character(UnicodeScalar(type)))",
          expected: "at most one")
      }
      if isCopy {
        copyRange = payload
      } else {
        if type == Chunk.alpha { alphaRange = payload }
        ancillary.append(Chunk(type: type, payload: Array(bytes[payload])))
      }
    }
    guard let map else { throw .missingChunk("level map") }
    guard let codes else { throw .missingChunk("index") }
    if !header.needsModel { try Self.checkIsGraphics(map.rateTable, graphics?.mask) }
    // Not all bytes of head and copy need be there for a window.
    if let copyRange, window == nil {
      let copied = [headerRange, mapRange, graphics?.headRange ?? 0..<0]
      guard bytes[copyRange].elementsEqual(copied.joined().lazy.map { bytes[$0] }) else {
        throw .invalidValue(
          what: "copy of the header", offset: copyRange.lowerBound, found: "other bytes",
          expected: "those of header, level map and mask of graphics")
      }
    }
    self.init(
      bytes: bytes, header: header, map: map, layout: codes.layout, codeStart: codes.start,
      ancillary: ancillary, alphaRange: alphaRange, graphics: graphics,
      hasHeadCopy: copyRange != nil, problems: [])
  }

  /// Checks that a picture without a model needs none.
  private static func checkIsGraphics(
    _ rateTable: RateTable, _ mask: [Bool]?
  ) throws(BitstreamError) {
    guard let mask else { throw .missingChunk("graphics") }
    guard rateTable == .withoutCodes, !mask.contains(false) else {
      throw .invalidValue(
        what: "model id", offset: signature.count, found: "that of no model",
        expected: "one, as not all positions are graphics")
    }
  }

  /// The payload of an ancillary chunk, nil when there is none of this type.
  package func ancillary(_ type: UInt8) -> [UInt8]? {
    ancillary.first { $0.type == type }?.payload
  }

  /// The alpha of every pixel, nil when the picture is opaque.
  ///
  /// - Throws: `BitstreamError.invalidValue` when the chunk is not what the format says.
  package func alpha() throws(BitstreamError) -> AlphaPlane? {
    guard let alphaRange else { return nil }
    return try AlphaPlane(decoding: bytes[alphaRange], header: header)
  }

  /// For every position whether it is coded without loss; nil when none is.
  package var graphicsMask: [Bool]? { parsedGraphics?.mask }
  /// For every position whether it is outside of what the network sees; nil when none is coded without loss.
  package var outsideMask: [Bool]? { parsedGraphics?.outside }
  /// Where the units of graphics are in the picture.
  package var graphicsPlaces: [GridRectangle] { parsedGraphics?.places ?? [] }
  /// Bytes of the units of graphics.
  package var graphicsByteCount: Int { parsedGraphics?.ranges.reduce(0) { $0 + $1.count } ?? 0 }

  /// Where the units of graphics and their checksums are in the file.
  package var graphicsRanges: [Range<Int>] {
    parsedGraphics?.ranges.map { $0.lowerBound - 4..<$0.upperBound } ?? []
  }

  /// The bytes of a unit of graphics.
  ///
  /// - Throws: `BitstreamError.checksumMismatch` when it is damaged, `truncated` when it is not there.
  package func graphicsUnit(_ number: Int) throws(BitstreamError) -> ArraySlice<UInt8> {
    guard let parsedGraphics else { throw .missingChunk("graphics") }
    let (range, place) = (parsedGraphics.ranges[number], parsedGraphics.places[number])
    let name =
      "graphics unit at row \(place.rows.lowerBound), column \(place.columns.lowerBound)"
    guard range.upperBound <= bytes.count else {
      throw .truncated(
        what: name, offset: range.lowerBound, needed: range.count,
        available: max(0, bytes.count - range.lowerBound))
    }
    var cursor = ByteCursor(bytes, offset: range.lowerBound - 4)
    let declared = try cursor.word("graphics checksum")
    let computed = CRC32.of(bytes[range])
    guard declared == computed else {
      throw .checksumMismatch(
        what: name, offset: range.lowerBound - 4, declared: declared, computed: computed)
    }
    return bytes[range]
  }

  /// All units of graphics; nil when there are none.
  ///
  /// - Throws: as `graphicsUnit(_:)`.
  func graphics() throws(BitstreamError) -> GraphicsLayer? {
    guard let parsedGraphics else { return nil }
    var units: [[UInt8]] = []
    for number in parsedGraphics.places.indices {
      units.append(Array(try graphicsUnit(number)))
    }
    return GraphicsLayer(
      header: header, mask: parsedGraphics.mask, outside: parsedGraphics.outside, units: units)
  }

  /// Bytes of the file.
  package var byteCount: Int { bytes.count }

  /// Whether the bytes of all of a tile's segments match their checksums; a tile without bits always is intact.
  package func isIntact(tile: Int) -> Bool {
    layout.segments(ofTile: tile).allSatisfy { isIntact(layout.segments[$0]) }
  }

  /// Whether a segment's bytes match its checksum; one without bits always is intact.
  package func isIntact(_ segment: TileLayout.Segment) -> Bool {
    (try? data(of: segment)) != nil
  }

  /// Where a segment stands in the file, its checksum included.
  package func range(of segment: TileLayout.Segment) -> Range<Int> {
    codeStart + segment.offset..<codeStart + segment.offset + segment.byteCount
  }

  /// The packed bits of a segment.
  ///
  /// - Throws: `BitstreamError.checksumMismatch` when they, or the tile's levels, are damaged, `truncated` when they are not
  ///   there, `invalidValue` for bits after their end.
  package func data(of segment: TileLayout.Segment) throws(BitstreamError) -> ArraySlice<UInt8> {
    let tile = layout.tiles[segment.tile]
    if let lost = lostBlock(of: tile) { throw lost.error }
    guard segment.byteCount > 0 else { return [] }
    let name =
      (layout.order == .phases ? "phase \(segment.phases[0].rawValue + 1) of the " : "")
      + "tile at row \(tile.rows.lowerBound), column \(tile.columns.lowerBound)"
    let start = codeStart + segment.offset
    guard bytes.count - start >= segment.byteCount else {
      throw .truncated(
        what: name, offset: start, needed: segment.byteCount,
        available: max(0, bytes.count - start))
    }
    let data = bytes[start + 4..<start + segment.byteCount]
    var cursor = ByteCursor(bytes, offset: start)
    let declared = try cursor.word("tile checksum")
    let computed = CRC32.of(data)
    guard declared == computed else {
      throw .checksumMismatch(what: name, offset: start, declared: declared, computed: computed)
    }
    let unused = segment.dataByteCount * 8 - segment.bitCount
    guard data[data.endIndex - 1] & (1 << UInt8(unused) - 1) == 0 else {
      throw .invalidValue(
        what: "padding", offset: data.endIndex - 1, found: "ones", expected: "\(unused) zero bits")
    }
    return data
  }

  private func lostBlock(
    of tile: TileLayout.Tile
  ) -> (block: GridRectangle, error: BitstreamError)? {
    lostBlocks.first { $0.block.overlaps(GridRectangle(rows: tile.rows, columns: tile.columns)) }
  }

  /// The packed bits of a segment, whatever its checksum says; nil when they are not all there, or cannot be understood.
  package func uncheckedData(of segment: TileLayout.Segment) -> [UInt8]? {
    guard lostBlock(of: layout.tiles[segment.tile]) == nil else { return nil }
    let start = codeStart + segment.offset
    guard segment.byteCount > 0 else { return [] }
    guard bytes.count - start >= segment.byteCount else { return nil }
    return Array(bytes[start + 4..<start + segment.byteCount])
  }

  static func skipSignature(_ cursor: inout ByteCursor) throws(BitstreamError) {
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
  }

  /// Reads from the version to the header's checksum.
  static func parseHeader(
    _ cursor: inout ByteCursor, limits: DecodeLimits
  ) throws(BitstreamError) -> Header {
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

  /// Reads a chunk that has a checksum, from its type to its end.
  static func parseChunk(
    _ cursor: inout ByteCursor, _ header: Header, _ limits: DecodeLimits
  ) throws(BitstreamError) -> (type: UInt8, payload: Range<Int>) {
    let start = cursor.offset
    let type = try cursor.byte("chunk type")
    guard type == Chunk.levelMap || Chunk.isAncillary(type) else {
      guard Chunk.isCritical(type) else {
        throw .invalidValue(
          what: "chunk type", offset: start, found: "\(type)", expected: "an ASCII letter")
      }
      throw .unknownCriticalChunk(type: type, offset: start)
    }
    let limit =
      switch type {
      case Chunk.alpha: AlphaPlane.maxByteCount(header)
      case Chunk.levelMap: limits.maxLevelMapBytes
      default: limits.maxAncillaryBytes
      }
    let length = try cursor.size("chunk length", limit: limit)
    let payload = try cursor.slice(length, "chunk").indices
    let computed = CRC32.of(cursor.bytes[start..<cursor.offset])
    let declared = try cursor.word("chunk checksum")
    guard declared == computed else {
      throw .checksumMismatch(
        what: type == Chunk.levelMap ? "level map" : "ancillary chunk", offset: start,
        declared: declared, computed: computed)
    }
    return (type, payload)
  }
}

/// A picture as packed codes: everything that a `.gqz` file holds.
package struct CodedPicture: Sendable, Equatable {
  /// Size, colour, model and quantizer.
  package let header: Header
  /// Bits per level.
  package let rateTable: RateTable
  /// The level of every position.
  package let levelMap: LevelMap
  /// The positions that are coded without loss, if there are any.
  package let graphics: GraphicsLayer?
  /// In which order the codes stand.
  package let order: CodeOrder
  /// For each segment of the layout its positions' bits, phase by phase and row by row, packed from the most
  /// significant bit of each byte on and filled up with zeros; no bytes where there are no bits.
  package let segments: [[UInt8]]
  /// Chunks that a decoder may skip.
  package let ancillary: [Chunk]
  /// Whether header and level map stand in the file a second time, at its end.
  package let hasHeadCopy: Bool

  /// A coded picture; segments of another size than the level map implies stop the program.
  package init(
    header: Header, rateTable: RateTable, levelMap: LevelMap, graphics: GraphicsLayer? = nil,
    order: CodeOrder = .tiles, segments: [[UInt8]], ancillary: [Chunk] = [],
    hasHeadCopy: Bool = false
  ) {
    let layout = TileLayout(header: header, rateTable: rateTable, levelMap: levelMap, order: order)
    precondition(segments.map { $0.count } == layout.segments.map { $0.dataByteCount })
    precondition(!ancillary.contains { $0.type == Chunk.headCopy }, "hasHeadCopy makes it")
    self.header = header
    self.rateTable = rateTable
    self.levelMap = levelMap
    self.graphics = graphics
    self.order = order
    self.segments = segments
    self.ancillary = ancillary
    self.hasHeadCopy = hasHeadCopy
  }

  /// The bytes of a file. Inverse: `init(parsing:limits:)`.
  package func serialized() -> [UInt8] {
    var bytes = Self.preamble(header)
    for chunk in ancillary { chunk.write(to: &bytes) }
    bytes += LevelMapChunk.bytes(header, rateTable, levelMap)
    graphics?.write(to: &bytes, header: header)
    let layout = TileLayout(header: header, rateTable: rateTable, levelMap: levelMap, order: order)
    bytes += layout.chunkHead
    for data in segments where !data.isEmpty {
      bytes.appendWord(CRC32.of(data[...]))
      bytes += data
    }
    if hasHeadCopy {
      Self.headCopy(header, rateTable, levelMap, graphics?.chunkHead(header) ?? [])
        .write(to: &bytes)
    }
    return bytes
  }

  /// Reads a whole file. Inverse of `serialized`.
  ///
  /// - Throws: `BitstreamError`.
  package init(parsing bytes: [UInt8], limits: DecodeLimits = DecodeLimits()) throws(BitstreamError)
  {
    try self.init(FileStructure(parsing: bytes, limits: limits))
  }

  /// Takes the segments of a file.
  ///
  /// - Throws: `BitstreamError.checksumMismatch` when one, or a unit of graphics, is damaged, `invalidValue` for bits after its end.
  package init(_ file: FileStructure) throws(BitstreamError) {
    var segments: [[UInt8]] = []
    for segment in file.layout.segments { segments.append(Array(try file.data(of: segment))) }
    header = file.header
    rateTable = file.rateTable
    levelMap = file.levelMap
    graphics = try file.graphics()
    order = file.layout.order
    self.segments = segments
    ancillary = file.ancillary
    hasHeadCopy = file.hasHeadCopy
  }

  /// Bytes that `serialized` will have, before a single code is known.
  package static func byteCount(
    header: Header, rateTable: RateTable, levelMap: LevelMap,
    graphicsBytes: (chunk: Int, head: Int) = (0, 0), order: CodeOrder = .tiles,
    ancillary: [Chunk] = [], hasHeadCopy: Bool = false
  ) -> Int {
    let layout = TileLayout(header: header, rateTable: rateTable, levelMap: levelMap, order: order)
    let copy =
      hasHeadCopy
      ? Chunk.byteCount(
        payload: headCopy(header, rateTable, levelMap, []).payload.count + graphicsBytes.head) : 0
    return copy + preamble(header).count + graphicsBytes.chunk
      + ancillary.reduce(0) { $0 + Chunk.byteCount(payload: $1.payload.count) }
      + LevelMapChunk.bytes(header, rateTable, levelMap).count + layout.chunkHead.count
      + layout.byteCount
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

  /// Everything from the version to the header's checksum, then the level map as a whole chunk, then that of graphics up to
  /// its units.
  private static func headCopy(
    _ header: Header, _ rateTable: RateTable, _ levelMap: LevelMap, _ graphicsHead: [UInt8]
  ) -> Chunk {
    var payload = Array(preamble(header).dropFirst(FileStructure.signature.count))
    payload += LevelMapChunk.bytes(header, rateTable, levelMap)
    payload += graphicsHead
    return Chunk(type: Chunk.headCopy, payload: payload)
  }
}

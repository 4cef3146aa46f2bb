/// A picture as codebook indices: everything that a `.gqz` file holds.
public struct CodedPicture: Sendable, Equatable {
  /// Size, colour, model and codebook.
  public let header: Header
  /// Indices per level.
  public let ladder: LevelLadder
  /// The level of every position.
  public let levelMap: LevelMap
  /// The indices of all positions row by row, for each its groups in order.
  public let indices: [UInt32]
  /// Chunks that a decoder may skip.
  public let ancillary: [Chunk]

  /// A coded picture; a wrong number of indices, or one that is too large, stops the program.
  public init(
    header: Header, ladder: LevelLadder, levelMap: LevelMap, indices: [UInt32],
    ancillary: [Chunk] = []
  ) {
    precondition(
      indices.count == levelMap.levels.reduce(0) { $0 + ladder.indexCounts[Int($1)] })
    precondition(indices.allSatisfy { $0 >> UInt32(header.codebookBits) == 0 })
    self.header = header
    self.ladder = ladder
    self.levelMap = levelMap
    self.indices = indices
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
    for tile in layout.tiles where tile.indexCount > 0 {
      var writer = BitWriter()
      for row in tile.rows {
        let start = row * levelMap.columns
        let range =
          layout.indexOffsets[
            start + tile.columns.lowerBound]..<layout.indexOffsets[start + tile.columns.upperBound]
        for index in indices[range] { writer.write(index, count: header.codebookBits) }
      }
      let data = writer.finish()
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

  /// Unpacks the tiles of a file.
  ///
  /// - Throws: `BitstreamError.checksumMismatch` when one is damaged.
  public init(_ file: FileStructure) throws(BitstreamError) {
    let offsets = file.layout.indexOffsets
    var indices = [UInt32](repeating: 0, count: offsets[offsets.count - 1])
    for tile in file.layout.tiles where tile.indexCount > 0 {
      let part = try file.indices(of: tile)
      var taken = 0
      for row in tile.rows {
        let start = row * file.levelMap.columns
        let range =
          offsets[start + tile.columns.lowerBound]..<offsets[start + tile.columns.upperBound]
        indices.replaceSubrange(range, with: part[taken..<taken + range.count])
        taken += range.count
      }
    }
    header = file.header
    ladder = file.ladder
    levelMap = file.levelMap
    self.indices = indices
    ancillary = file.ancillary
  }

  /// Bytes that `serialized` will have, before a single index is known.
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
    payload += levelMap.encoded(levelCount: ladder.levelCount)
    return Chunk(type: Chunk.levelMap, payload: payload)
  }
}

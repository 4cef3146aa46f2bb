/// Chunk `L`: the rate table and the level of every position, in divided pictures block by block.
enum LevelMapChunk {
  /// All of the chunk. Inverse: `ParsedLevelMap`.
  static func bytes(_ header: Header, _ rateTable: RateTable, _ map: LevelMap) -> [UInt8] {
    var index: [UInt8] = []
    rateTable.write(to: &index)
    let blocks = GridBlocks(of: header)
    guard blocks.isDivided else {
      var bytes: [UInt8] = []
      Chunk(type: Chunk.levelMap, payload: index + map.encoded(with: rateTable)).write(to: &bytes)
      return bytes
    }
    var parts: [UInt8] = []
    for block in blocks.all {
      let coded = map.part(block).encoded(with: rateTable)
      index.appendVarint(UInt64(coded.count))
      guard !coded.isEmpty else { continue }
      parts.appendWord(CRC32.of(coded[...]))
      parts += coded
    }
    return IndexedChunk.head(
      type: Chunk.levelMap, index: index, partBytes: parts.count, isDivided: true) + parts
  }
}

/// A level map chunk as it stands in a file.
struct ParsedLevelMap: Sendable {
  let rateTable: RateTable
  /// The levels; 0 in blocks that were not read.
  let levels: LevelMap
  /// Bytes of the payload.
  let byteCount: Int
  /// Where the blocks of a divided picture are, their checksums included.
  let blocks: [(block: GridRectangle, bytes: Range<Int>)]

  /// Reads the chunk at the cursor and goes behind it; with a window only the blocks that it overlaps. Inverse of
  /// `LevelMapChunk.bytes`.
  init(
    parsing cursor: inout ByteCursor, header: Header, limits: DecodeLimits,
    window: GridRectangle? = nil
  ) throws(BitstreamError) {
    let blocks = GridBlocks(of: header)
    guard blocks.isDivided else {
      let (_, payload) = try FileStructure.parseChunk(&cursor, header, limits)
      var inside = ByteCursor(cursor.bytes, offset: payload.lowerBound, end: payload.upperBound)
      rateTable = try RateTable(parsing: &inside)
      levels = try LevelMap(
        decoding: cursor.bytes[inside.offset..<payload.upperBound], columns: header.columns,
        rows: header.rows, rateTable: rateTable)
      byteCount = payload.count
      self.blocks = []
      return
    }
    let name = "level map"
    let chunk = try IndexedChunk(
      parsing: &cursor, isDivided: true, limit: limits.maxLevelMapBytes, what: name)
    rateTable = try RateTable(parsing: &cursor)
    let places = blocks.all
    var counts: [Int] = []
    for _ in places {
      counts.append(
        try cursor.size("length of a block of the level map", limit: limits.maxLevelMapBytes))
    }
    try chunk.endIndex(&cursor, name)
    let (ranges, end) = try chunk.parts(of: counts, first: cursor.offset, name)
    _ = try cursor.slice(end - cursor.offset, name)
    var all = [UInt8](repeating: 0, count: header.rows * header.columns)
    for (place, range) in zip(places, ranges) where window?.overlaps(place) ?? true {
      let part = try LevelMap(
        block: place, decoding: cursor.bytes, range: range, rateTable: rateTable)
      for row in place.rows {
        let from = (row - place.rows.lowerBound) * part.columns
        let to = row * header.columns + place.columns.lowerBound
        for column in 0..<part.columns { all[to + column] = part.levels[from + column] }
      }
    }
    levels = LevelMap(columns: header.columns, rows: header.rows, levels: all)
    byteCount = chunk.length
    self.blocks = zip(places, ranges).map {
      ($0, $1.isEmpty ? $1 : $1.lowerBound - 4..<$1.upperBound)
    }
  }
}

extension LevelMap {
  /// The levels of a rectangle.
  fileprivate func part(_ place: GridRectangle) -> LevelMap {
    LevelMap(
      columns: place.columns.count, rows: place.rows.count,
      levels: place.rows.flatMap { row in
        levels[
          row * columns + place.columns.lowerBound..<row * columns + place.columns.upperBound]
      })
  }

  /// Reads a block and checks its checksum, which stands before it unless it has no bytes.
  fileprivate init(
    block place: GridRectangle, decoding bytes: [UInt8], range: Range<Int>, rateTable: RateTable
  ) throws(BitstreamError) {
    if !range.isEmpty {
      var cursor = ByteCursor(bytes, offset: range.lowerBound - 4)
      let declared = try cursor.word("checksum of the level map")
      let computed = CRC32.of(bytes[range])
      guard declared == computed else {
        throw .checksumMismatch(
          what:
            "level map at row \(place.rows.lowerBound), column \(place.columns.lowerBound)",
          offset: range.lowerBound - 4, declared: declared, computed: computed)
      }
    }
    try self.init(
      decoding: bytes[range], columns: place.columns.count, rows: place.rows.count,
      rateTable: rateTable)
  }
}

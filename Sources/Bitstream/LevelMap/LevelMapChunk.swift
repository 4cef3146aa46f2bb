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
  /// Blocks that are damaged.
  private(set) var lost: [(block: GridRectangle, error: BitstreamError)] = []

  /// Reads the chunk at the cursor and goes behind it. Inverse of `LevelMapChunk.bytes`.
  ///
  /// - Parameters:
  ///   - window: only the blocks that it overlaps are read; nil for all.
  ///   - skipsDamage: whether blocks that are damaged are left out.
  init(
    parsing cursor: inout ByteCursor, header: Header, limits: DecodeLimits,
    window: GridRectangle? = nil, skipsDamage: Bool = false
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
    var wanted: [(GridRectangle, Range<Int>)] = []
    // All are checked before any is decoded, which costs more than bytes tell.
    for (place, range) in zip(places, ranges) where window?.overlaps(place) ?? true {
      do throws(BitstreamError) {
        try Self.check(place, cursor.bytes, range)
        wanted.append((place, range))
      } catch {
        guard skipsDamage else { throw error }
        lost.append((place, error))
      }
    }
    var all = [UInt8](repeating: 0, count: header.rows * header.columns)
    for (place, range) in wanted {
      let part = try LevelMap(
        decoding: cursor.bytes[range], columns: place.columns.count, rows: place.rows.count,
        rateTable: rateTable)
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

  /// Checks a block's checksum, which stands before it unless it has no bytes.
  private static func check(
    _ place: GridRectangle, _ bytes: [UInt8], _ range: Range<Int>
  ) throws(BitstreamError) {
    guard !range.isEmpty else { return }
    var cursor = ByteCursor(bytes, offset: range.lowerBound - 4)
    let declared = try cursor.word("checksum of the level map")
    let computed = CRC32.of(bytes[range])
    guard declared == computed else {
      throw .checksumMismatch(
        what: "level map at row \(place.rows.lowerBound), column \(place.columns.lowerBound)",
        offset: range.lowerBound - 4, declared: declared, computed: computed)
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
}

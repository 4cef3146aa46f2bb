extension FileStructure {
  /// Reads what can be read of a damaged file.
  ///
  /// Header and level map are needed, or the copy of them that some files have at their end; without them nothing
  /// says where a code is or what it means. Anything else may be damaged or missing: `problems` tells of chunks,
  /// `isIntact` of codes. An intact file gives the same as `init(parsing:limits:)`.
  ///
  /// - Throws: `BitstreamError`, when header or level map cannot be read.
  package init(
    recovering bytes: [UInt8], limits: DecodeLimits = DecodeLimits()
  ) throws(BitstreamError) {
    do {
      try self.init(parsing: bytes, limits: limits)
    } catch {
      try self.init(damaged: bytes, limits: limits)
    }
  }

  private init(damaged bytes: [UInt8], limits: DecodeLimits) throws(BitstreamError) {
    var problems: [BitstreamError] = []
    var copy = Self.findHeadCopy(bytes, limits)
    var cursor = ByteCursor(bytes)
    do {
      try Self.skipSignature(&cursor)
    } catch {
      problems.append(error)
      cursor = ByteCursor(bytes, offset: min(Self.signature.count, bytes.count))
    }
    let header: Header
    do {
      header = try Self.parseHeader(&cursor, limits: limits)
    } catch {
      guard let copy else { throw problems.first ?? error }
      header = copy.header
      problems.append(error)
      cursor = ByteCursor(bytes, offset: min(Self.signature.count + copy.headerBytes, bytes.count))
    }

    // A copy that contradicts the header is another picture's.
    if copy?.header != header { copy = nil }

    var parts = Parts()
    parts.scan(&cursor, header, limits, &problems)
    let map: ParsedLevelMap
    // Where the codes are searched, and where they would begin if nothing there looks like them.
    let (searchStart, guess): (Int, Int)
    do {
      let found = try Self.findLevelMap(cursor, header, limits)
      map = found.map
      // Another one than that expected here may be the copy's, which stands behind the codes.
      let isInPlace = found.range.lowerBound == cursor.offset
      searchStart = isInPlace ? found.range.upperBound : cursor.offset
      guess =
        isInPlace || copy == nil ? found.range.upperBound : cursor.offset + found.range.count
      if !isInPlace, problems.isEmpty {
        problems.append(found.skipped ?? .missingChunk("level map"))
      }
    } catch {
      problems.append(error)
      if let copy {
        map = copy.map
        (searchStart, guess) = (cursor.offset, cursor.offset + copy.levelMapBytes)
      } else {
        // Of a divided picture what is not damaged.
        var next = cursor
        guard !next.isAtEnd, bytes[next.offset] == Chunk.levelMap,
          let part = try? ParsedLevelMap(
            parsing: &next, header: header, limits: limits, skipsDamage: true)
        else { throw error }
        map = part
        (searchStart, guess) = (next.offset, next.offset)
      }
    }
    var (codesFrom, codesGuess) = (searchStart, guess)
    var graphics: ParsedGraphics?
    if searchStart < bytes.count, bytes[searchStart] == Chunk.graphics {
      var next = ByteCursor(bytes, offset: searchStart)
      do throws(BitstreamError) {
        graphics = try ParsedGraphics(
          parsing: &next, header: header, limits: limits, isWhole: false)
      } catch {
        problems.append(error)
      }
    }
    if graphics == nil, let place = copy?.graphics {
      var next = ByteCursor(bytes, offset: place.lowerBound, end: place.upperBound)
      graphics = try? ParsedGraphics(
        parsing: &next, header: header, limits: limits, isWhole: false, origin: guess)
      if problems.isEmpty { problems.append(.missingChunk("graphics")) }
    }
    if let graphics {
      codesFrom = min(graphics.end, bytes.count)
      codesGuess = codesFrom
    }
    let (layout, start) =
      map.lost.isEmpty
      ? Self.findCodes(bytes, from: codesFrom, guess: codesGuess, header, map)
      : try Self.codes(bytes, at: codesFrom, header, map)
    let head = layout.chunkHead
    if problems.isEmpty, map.lost.isEmpty,
      !bytes[..<min(start, bytes.count)].suffix(head.count).elementsEqual(head)
    {
      problems.append(
        .invalidValue(
          what: "index of the codes", offset: max(0, min(start, bytes.count) - head.count),
          found: "other bytes", expected: "what the level map implies"))
    }

    cursor = ByteCursor(bytes, offset: min(start + layout.byteCount, bytes.count))
    parts.scan(&cursor, header, limits, &problems)
    self.init(
      bytes: bytes, header: header, map: map, layout: layout, codeStart: start,
      ancillary: parts.ancillary, alphaRange: parts.alphaRange, graphics: graphics,
      hasHeadCopy: copy != nil,
      problems: problems)
  }

  /// Ancillary chunks that were read.
  private struct Parts {
    var ancillary: [Chunk] = []
    var alphaRange: Range<Int>?

    /// Takes ancillary chunks, leaves out damaged ones, and stops before anything else.
    mutating func scan(
      _ cursor: inout ByteCursor, _ header: Header, _ limits: DecodeLimits,
      _ problems: inout [BitstreamError]
    ) {
      while !cursor.isAtEnd, Chunk.isAncillary(cursor.bytes[cursor.offset]) {
        var next = cursor
        do throws(BitstreamError) {
          let (type, payload) = try parseChunk(&next, header, limits)
          take(type, payload, next.bytes, limits)
        } catch {
          problems.append(error)
          // Its length may be right: then a sound chunk follows.
          var following = next
          guard case .checksumMismatch = error,
            (try? parseChunk(&following, header, limits)) != nil
          else { return }
        }
        cursor = next
      }
    }

    private mutating func take(
      _ type: UInt8, _ payload: Range<Int>, _ bytes: [UInt8], _ limits: DecodeLimits
    ) {
      let isKnown = Chunk.defined.contains(type) && ancillary.contains { $0.type == type }
      guard ancillary.count < limits.maxAncillaryChunks, !isKnown, type != Chunk.headCopy else {
        return
      }
      if type == Chunk.alpha { alphaRange = payload }
      ancillary.append(Chunk(type: type, payload: Array(bytes[payload])))
    }
  }

  /// The first level map from the cursor on, where its chunk is, and what was wrong with one before it.
  private static func findLevelMap(
    _ cursor: ByteCursor, _ header: Header, _ limits: DecodeLimits
  ) throws(BitstreamError) -> (map: ParsedLevelMap, range: Range<Int>, skipped: BitstreamError?) {
    let bytes = cursor.bytes
    var first: BitstreamError?
    // Hostile bytes must not make the search slow.
    var budget = (Int64(1) << 20) + 16 * Int64(bytes.count)
    for start in cursor.offset..<max(cursor.offset, bytes.count)
    where bytes[start] == Chunk.levelMap {
      var next = ByteCursor(bytes, offset: start)
      do throws(BitstreamError) {
        let isPlausible =
          start == cursor.offset || beginsWithRateTable(bytes, chunk: start, header)
        guard isPlausible, budget > 0 else { continue }
        let map = try ParsedLevelMap(parsing: &next, header: header, limits: limits)
        return (map, start..<next.offset, first)
      } catch {
        budget -= Int64(next.offset - start)
        // Its levels may have been decoded, for nothing.
        if case .invalidValue = error { budget -= Int64(header.rows * header.columns) }
        if first == nil { first = error }
      }
    }
    throw first ?? .missingChunk("level map")
  }

  /// Whether the chunk's payload begins with one of the bytes that a rate table begins with.
  private static func beginsWithRateTable(
    _ bytes: [UInt8], chunk: Int, _ header: Header
  ) -> Bool {
    var cursor = ByteCursor(bytes, offset: chunk + 1)
    for _ in 0..<(GridBlocks(of: header).isDivided ? 2 : 1) {
      guard (try? cursor.varint("length")) != nil else { return false }
    }
    guard !cursor.isAtEnd else { return false }
    let first = bytes[cursor.offset]
    return Int(first) < RateTable.standard.count || first == RateTable.explicitIdentifier
  }

  /// Where the codes are: the first place that looks like their chunk, or else where they would begin if its type
  /// or length were damaged.
  private static func findCodes(
    _ bytes: [UInt8], from first: Int, guess: Int, _ header: Header, _ map: ParsedLevelMap
  ) -> (layout: TileLayout, start: Int) {
    let layouts = CodeOrder.allCases.map {
      TileLayout(header: header, rateTable: map.rateTable, levelMap: map.levels, order: $0)
    }
    let heads = layouts.map { $0.chunkHead }
    for start in first..<max(first, bytes.count) {
      // Type and length are enough, as what an index tells is known.
      for (layout, head) in zip(layouts, heads)
      where bytes[start] == head[0] && bytes[start...].starts(with: head.prefix(5)) {
        return (layout, start + head.count)
      }
    }
    let guesses = zip(layouts, heads).map { layout, head in
      let start = guess + head.count
      let intact = layout.segments.filter { segment in
        let begin = start + segment.offset
        guard segment.byteCount > 0, bytes.count - begin >= segment.byteCount else { return false }
        var cursor = ByteCursor(bytes, offset: begin)
        let declared = try? cursor.word("tile checksum")
        return declared == CRC32.of(bytes[begin + 4..<begin + segment.byteCount])
      }
      return (layout: layout, start: start, intact: intact.count)
    }
    let best = guesses.max { $0.intact < $1.intact } ?? guesses[0]
    return (best.layout, best.start)
  }

  /// Where the codes are if some levels are not known: what their tiles take the index must tell.
  private static func codes(
    _ bytes: [UInt8], at place: Int, _ header: Header, _ map: ParsedLevelMap
  ) throws(BitstreamError) -> (layout: TileLayout, start: Int) {
    var cursor = ByteCursor(bytes, offset: place)
    guard place < bytes.count, let order = CodeOrder(chunkType: bytes[place]) else {
      throw .missingChunk("index")
    }
    return try TileLayout.parse(
      &cursor,
      implied: TileLayout(
        header: header, rateTable: map.rateTable, levelMap: map.levels, order: order),
      isKnown: { rectangle in !map.lost.contains { $0.block.overlaps(rectangle) } }, isWhole: false)
  }

  private struct HeadCopy {
    let header: Header
    /// From the version to the header's checksum.
    let headerBytes: Int
    let map: ParsedLevelMap
    /// Of the whole chunk.
    let levelMapBytes: Int
    /// Where the copy of the graphics' mask and lengths is, if there is one.
    let graphics: Range<Int>?
  }

  /// The copy of header and level map at the end of a file, if there is one.
  private static func findHeadCopy(
    _ bytes: [UInt8], _ limits: DecodeLimits
  ) -> HeadCopy? {
    var candidates = 0
    for start in stride(from: bytes.count - 1, through: 0, by: -1)
    where bytes[start] == Chunk.headCopy {
      var cursor = ByteCursor(bytes, offset: start + 1)
      guard let length = try? cursor.size("chunk length", limit: limits.maxLevelMapBytes),
        cursor.remaining == length + 4
      else { continue }
      candidates += 1
      // Hostile bytes must not make the search slow.
      if candidates > 64 { return nil }
      let payload = cursor.offset..<cursor.offset + length
      var end = ByteCursor(bytes, offset: payload.upperBound)
      guard (try? end.word("chunk checksum")) == CRC32.of(bytes[start..<payload.upperBound]),
        let header = try? parseHeader(&cursor, limits: limits)
      else { continue }
      let headerBytes = cursor.offset - payload.lowerBound
      guard !cursor.isAtEnd, bytes[cursor.offset] == Chunk.levelMap,
        let map = try? ParsedLevelMap(parsing: &cursor, header: header, limits: limits)
      else { continue }
      let rest = cursor.offset..<payload.upperBound
      return HeadCopy(
        header: header, headerBytes: headerBytes, map: map,
        levelMapBytes: cursor.offset - payload.lowerBound - headerBytes,
        graphics: !rest.isEmpty && bytes[rest.lowerBound] == Chunk.graphics ? rest : nil)
    }
    return nil
  }
}

/// The positions of a picture that are coded without loss beside those of the network: text, screens, drawings.
///
/// Chunk `G`. A mask says which positions these are; their pixels lie in units of up to 1,024 x 1,024 pixels with a checksum
/// each, coded by context mixing (`ContextCodedPixels`) or as VP8L bitstreams (RFC 9649), which the first byte tells.
package struct GraphicsLayer: Sendable, Equatable {
  /// For every position, row by row, whether the layer has its pixels.
  package let mask: [Bool]
  /// Which positions of the mask the network does not see, as if they were beyond the picture's edges. The others are coded by
  /// the network as well: its pixels there are replaced.
  package let outside: [Bool]
  /// The units that hold positions of the mask, row by row.
  package let places: [GridRectangle]
  /// For each unit its bytes.
  package let units: [[UInt8]]

  /// A layer; as many units as the mask implies. All of the mask is outside unless told otherwise.
  package init(header: Header, mask: [Bool], outside: [Bool]? = nil, units: [[UInt8]]) {
    self.mask = mask
    self.outside = outside ?? mask
    precondition(self.outside.count == mask.count)
    places = Self.places(header: header, mask: mask)
    precondition(units.count == places.count)
    self.units = units
  }

  /// The units that hold positions of a mask.
  package static func places(header: Header, mask: [Bool]) -> [GridRectangle] {
    precondition(mask.count == header.rows * header.columns)
    let units = GridBlocks(rows: header.rows, columns: header.columns, side: GridBlocks.side)
    return units.all.filter { unit in
      unit.rows.contains { row in
        let first = row * header.columns
        return mask[first + unit.columns.lowerBound..<first + unit.columns.upperBound]
          .contains(true)
      }
    }
  }

  /// Appends the chunk. Inverse: `ParsedGraphics`.
  func write(to bytes: inout [UInt8], header: Header) {
    bytes += chunkHead(header)
    for unit in units {
      bytes.appendWord(CRC32.of(unit[...]))
      bytes += unit
    }
  }

  /// The chunk up to its units: type, length, mask and lengths with their checksum.
  func chunkHead(_ header: Header) -> [UInt8] {
    let coded = encodedMask(header)
    var index: [UInt8] = []
    index.appendVarint(UInt64(coded.count))
    index += coded
    for unit in units { index.appendVarint(UInt64(unit.count)) }
    return IndexedChunk.head(
      type: Chunk.graphics, index: index, partBytes: units.reduce(0) { $0 + 4 + $1.count },
      isDivided: GridBlocks(of: header).isDivided)
  }

  /// Bytes of the chunk, and of its part that a copy of the file's head repeats.
  package func byteCount(_ header: Header) -> (chunk: Int, head: Int) {
    let head = chunkHead(header).count
    return (head + units.reduce(0) { $0 + 4 + $1.count }, head)
  }

  /// The mask as range-coded decisions. Inverse: `ParsedGraphics`.
  private func encodedMask(_ header: Header) -> [UInt8] {
    var coder = RangeEncoder()
    var contexts = MaskContexts(header)
    for (isSet, isOutside) in zip(mask, outside) { contexts.code(isSet, isOutside, &coder) }
    return coder.finish()
  }
}

/// The probabilities of a mask's decisions: by whether the positions to the left, above, above to the left and above to the
/// right are set; beyond the grid they are not. Where a model is needed a second decision tells of a position of the mask whether it
/// is outside, by whether the positions to the left and above are.
struct MaskContexts: ~Copyable {
  private let columns: Int
  private let needsModel: Bool
  private let states = ContextMixer(states: 16 + 4)
  private(set) var mask: [Bool] = []
  private(set) var outside: [Bool] = []

  init(_ header: Header) {
    columns = header.columns
    needsModel = header.needsModel
  }

  /// Codes the next position in raster order, or decodes it, whatever is given.
  mutating func code(_ isSet: Bool, _ isOutside: Bool, _ coder: inout some DecisionCoder) {
    let place = mask.count
    let column = place % columns
    func at(_ other: Int, _ isInside: Bool) -> Int { isInside && mask[other] ? 1 : 0 }
    let hasAbove = place >= columns
    let context =
      at(place - 1, column > 0) | at(place - columns, hasAbove) << 1
      | at(place - columns - 1, hasAbove && column > 0) << 2
      | at(place - columns + 1, hasAbove && column + 1 < columns) << 3
    let isSet = states.code(isSet, state: context, &coder)
    mask.append(isSet)
    guard isSet, needsModel else { return outside.append(isSet) }
    let besides =
      (column > 0 && outside[place - 1] ? 1 : 0) | (hasAbove && outside[place - columns] ? 2 : 0)
    outside.append(states.code(isOutside, state: 16 + besides, &coder))
  }
}

/// A graphics chunk as it stands in a file: the mask, and where its units are.
struct ParsedGraphics: Sendable {
  let mask: [Bool]
  let outside: [Bool]
  let places: [GridRectangle]
  /// The bytes of each unit, behind its checksum.
  let ranges: [Range<Int>]
  /// Where the chunk was read, up to its units.
  let headRange: Range<Int>
  /// Where the chunk ends.
  let end: Int

  /// Reads the chunk at the cursor up to its units, and goes behind them. Inverse of `GraphicsLayer.write`.
  ///
  /// - Parameters:
  ///   - isWhole: whether the units must be there.
  ///   - origin: where the chunk stands when what is read is a copy of its beginning.
  init(
    parsing cursor: inout ByteCursor, header: Header, limits: DecodeLimits, isWhole: Bool = true,
    origin: Int? = nil
  ) throws(BitstreamError) {
    let chunk = try IndexedChunk(
      parsing: &cursor, isDivided: GridBlocks(of: header).isDivided,
      limit: limits.maxGraphicsBytes, what: "graphics")
    let maskLength = try cursor.size("length of the graphics mask", limit: limits.maxLevelMapBytes)
    let coded = try cursor.slice(maskLength, "graphics mask")
    var coder = RangeDecoder(coded)
    var contexts = MaskContexts(header)
    for _ in 0..<header.rows * header.columns { contexts.code(false, false, &coder) }
    guard coder.hasReadAll, coded.last != 0 else {
      throw .invalidValue(
        what: "graphics mask", offset: coded.startIndex, found: "\(coded.count) bytes",
        expected: "fewer, without unused ones at the end")
    }
    mask = contexts.mask
    outside = contexts.outside
    places = GraphicsLayer.places(header: header, mask: mask)
    var counts: [Int] = []
    for _ in places {
      let offset = cursor.offset
      let count = try cursor.size("length of a graphics unit", limit: limits.maxGraphicsBytes)
      guard count > 0 else {
        throw .invalidValue(
          what: "length of a graphics unit", offset: offset, found: "0", expected: "more")
      }
      counts.append(count)
    }
    try chunk.endIndex(&cursor, "graphics")
    let (ranges, end) = try chunk.parts(of: counts, first: cursor.offset, "graphics")
    headRange = chunk.start..<cursor.offset
    let shift = (origin ?? chunk.start) - chunk.start
    guard shift < Int.max - end else {
      throw .invalidValue(
        what: "length of the graphics", offset: chunk.start + 1, found: "\(chunk.length)",
        expected: "less")
    }
    self.ranges = ranges.map { $0.lowerBound + shift..<$0.upperBound + shift }
    self.end = end + shift
    if isWhole {
      _ = try cursor.slice(end - cursor.offset, "graphics units")
    } else {
      cursor = ByteCursor(cursor.bytes, offset: min(end, cursor.bytes.count))
    }
  }
}

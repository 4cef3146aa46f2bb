/// The positions of a picture that are coded without loss beside those of the network: text, screens, drawings.
///
/// Chunk `G`. A mask says which positions these are; their pixels lie in units of up to 1,024 x 1,024 pixels, each a VP8L
/// bitstream (RFC 9649) with a checksum of its own.
package struct GraphicsLayer: Sendable, Equatable {
  /// Positions along a unit's side, but for the last ones.
  package static let unitSide = 64

  /// The place of a unit in the grid of positions.
  package struct Place: Sendable, Equatable {
    /// Rows of positions.
    package let rows: Range<Int>
    /// Columns of positions.
    package let columns: Range<Int>

    /// Pixels in a row, in a picture of this width.
    package func width(in header: Header) -> Int {
      min(columns.upperBound * Header.stride, header.width) - columns.lowerBound * Header.stride
    }

    /// Rows of pixels, in a picture of this height.
    package func height(in header: Header) -> Int {
      min(rows.upperBound * Header.stride, header.height) - rows.lowerBound * Header.stride
    }
  }

  /// For every position, row by row, whether the layer has its pixels.
  package let mask: [Bool]
  /// The units that hold positions of the mask, row by row.
  package let places: [Place]
  /// For each unit its VP8L bitstream.
  package let units: [[UInt8]]

  /// A layer; as many units as the mask implies.
  package init(header: Header, mask: [Bool], units: [[UInt8]]) {
    self.mask = mask
    places = Self.places(header: header, mask: mask)
    precondition(units.count == places.count)
    self.units = units
  }

  /// The units that hold positions of a mask.
  package static func places(header: Header, mask: [Bool]) -> [Place] {
    precondition(mask.count == header.rows * header.columns)
    var places: [Place] = []
    for top in stride(from: 0, to: header.rows, by: unitSide) {
      for left in stride(from: 0, to: header.columns, by: unitSide) {
        let rows = top..<min(top + unitSide, header.rows)
        let columns = left..<min(left + unitSide, header.columns)
        let isUsed = rows.contains { row in
          mask[
            row * header.columns + columns.lowerBound..<row * header.columns + columns.upperBound
          ]
          .contains(true)
        }
        if isUsed { places.append(Place(rows: rows, columns: columns)) }
      }
    }
    return places
  }

  /// Appends the chunk. Inverse: `ParsedGraphics`.
  func write(to bytes: inout [UInt8], columns: Int) {
    bytes += chunkHead(columns: columns)
    for unit in units {
      bytes.appendWord(CRC32.of(unit[...]))
      bytes += unit
    }
  }

  /// The chunk up to its units: type, length, mask and lengths with their checksum.
  func chunkHead(columns: Int) -> [UInt8] {
    let head = head(columns: columns)
    var bytes = [Chunk.graphics]
    bytes.appendVarint(UInt64(head.count + 4 + units.reduce(0) { $0 + 4 + $1.count }))
    bytes += head
    bytes.appendWord(CRC32.of(bytes[...]))
    return bytes
  }

  /// Bytes of the chunk, and of its part that a copy of the file's head repeats.
  package func byteCount(columns: Int) -> (chunk: Int, head: Int) {
    let head = chunkHead(columns: columns).count
    return (head + units.reduce(0) { $0 + 4 + $1.count }, head)
  }

  private func head(columns: Int) -> [UInt8] {
    let coded = Self.encoded(mask, columns: columns)
    var head: [UInt8] = []
    head.appendVarint(UInt64(coded.count))
    head += coded
    for unit in units { head.appendVarint(UInt64(unit.count)) }
    return head
  }

  /// A mask as range-coded decisions.
  static func encoded(_ mask: [Bool], columns: Int) -> [UInt8] {
    var coder = RangeEncoder()
    var contexts = MaskContexts(columns: columns)
    for isSet in mask {
      contexts.code(isSet) { bit, model in
        coder.encode(bit, &model)
        return bit
      }
    }
    return coder.finish()
  }
}

/// The probabilities of a mask's decisions: by whether the positions to the left, above, above to the left and above to the
/// right are set; outside the grid they are not.
struct MaskContexts {
  private let columns: Int
  private var models = [AdaptiveBit](repeating: AdaptiveBit(), count: 16)
  private(set) var mask: [Bool] = []

  init(columns: Int) { self.columns = columns }

  /// Codes the next position in raster order, or decodes it when it is nil.
  mutating func code(_ isSet: Bool?, _ coder: (Bool, inout AdaptiveBit) -> Bool) {
    let place = mask.count
    let column = place % columns
    func at(_ other: Int, _ isInside: Bool) -> Int { isInside && mask[other] ? 1 : 0 }
    let hasAbove = place >= columns
    let context =
      at(place - 1, column > 0) | at(place - columns, hasAbove) << 1
      | at(place - columns - 1, hasAbove && column > 0) << 2
      | at(place - columns + 1, hasAbove && column + 1 < columns) << 3
    mask.append(coder(isSet ?? false, &models[context]))
  }
}

/// A graphics chunk as it stands in a file: the mask, and where its units are.
struct ParsedGraphics: Sendable {
  let mask: [Bool]
  let places: [GraphicsLayer.Place]
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
    let start = cursor.offset
    _ = try cursor.byte("chunk type")
    let length = try cursor.size("length of the graphics", limit: limits.maxGraphicsBytes)
    let payload = cursor.offset
    let maskLength = try cursor.size("length of the graphics mask", limit: limits.maxLevelMapBytes)
    let coded = try cursor.slice(maskLength, "graphics mask")
    var coder = RangeDecoder(coded)
    var contexts = MaskContexts(columns: header.columns)
    for _ in 0..<header.rows * header.columns {
      contexts.code(nil) { _, model in coder.decode(&model) }
    }
    guard coder.hasReadAll, coded.last != 0 else {
      throw .invalidValue(
        what: "graphics mask", offset: coded.startIndex, found: "\(coded.count) bytes",
        expected: "fewer, without unused ones at the end")
    }
    mask = contexts.mask
    places = GraphicsLayer.places(header: header, mask: mask)
    var counts: [Int] = []
    for _ in places {
      counts.append(try cursor.size("length of a graphics unit", limit: limits.maxGraphicsBytes))
    }
    let computed = CRC32.of(cursor.bytes[start..<cursor.offset])
    let declared = try cursor.word("graphics checksum")
    guard declared == computed else {
      throw .checksumMismatch(
        what: "graphics mask", offset: start, declared: declared, computed: computed)
    }
    var ranges: [Range<Int>] = []
    var place = cursor.offset
    for count in counts {
      let (end, overflow) = place.addingReportingOverflow(count + 4)
      guard !overflow, end - payload <= length else {
        throw .invalidValue(
          what: "length of the graphics", offset: start + 1, found: "\(length)",
          expected: "room for all units")
      }
      ranges.append(place + 4..<end)
      place = end
    }
    guard place - payload == length else {
      throw .invalidValue(
        what: "length of the graphics", offset: start + 1, found: "\(length)",
        expected: "\(place - payload)")
    }
    headRange = start..<cursor.offset
    let shift = (origin ?? start) - start
    guard shift < Int.max - place else {
      throw .invalidValue(
        what: "length of the graphics", offset: start + 1, found: "\(length)", expected: "less")
    }
    self.ranges = ranges.map { $0.lowerBound + shift..<$0.upperBound + shift }
    end = place + shift
    if isWhole {
      _ = try cursor.slice(place - cursor.offset, "graphics units")
    } else {
      cursor = ByteCursor(cursor.bytes, offset: min(place, cursor.bytes.count))
    }
  }
}

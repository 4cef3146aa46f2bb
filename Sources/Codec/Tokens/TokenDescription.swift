import GQBitstream
import GQModel

/// What stands beside an array of tokens, as JSON.
struct TokenDescription {
  /// The version of this description.
  static let currentFormat = 1
  /// The most bytes of a description.
  static let maximumBytes = 256 << 20

  struct AncillaryChunk {
    /// An ASCII letter.
    let type: String
    /// The content; nil where a tensor holds it.
    let bytes: [UInt8]?
  }

  /// A graphics layer.
  struct Graphics {
    /// One text for each row of positions: `#` for those outside, `+` for others of the mask, `.` for the rest.
    let mask: [String]
    /// For each unit its bytes.
    let units: [[UInt8]]
  }

  let format: Int
  let width: Int
  let height: Int
  let colorType: String
  /// Which of the model's tunings the picture was coded with.
  let tuning: Int
  let tileExponent: Int
  /// Bits of a trellis state.
  let stateBits: Int
  let seed: UInt64
  let model: String
  let rows: Int
  let columns: Int
  /// For each phase and level its bit-allocation bands as [bits per coefficient, number of coefficients].
  let runs: [[[[Int]]]]
  /// For each phase and level the widths of its tokens in bits.
  let codeWidths: [[[Int]]]
  /// After how many eighths of a position's tokens each of the groups ends that paths take them in.
  let groupEnds: [Int]
  /// One list for each row of positions; nil where a tensor holds them.
  let levels: [[UInt8]]?
  /// The states that the paths of the file's segments begin in: of the tiles, or of the first phase of all tiles, then of
  /// the second and so on.
  let starts: [Int]
  let chunks: [AncillaryChunk]
  /// The positions that are coded without loss; nil for none.
  let graphics: Graphics?
  /// "tiles" or "phases": in which order codes stand in the file.
  let order: String
  /// Whether the file has header and level map a second time.
  let hasHeadCopy: Bool

  init(_ tokens: PictureTokens, isComplete: Bool) {
    let header = tokens.header
    format = Self.currentFormat
    width = header.width
    height = header.height
    colorType = "\(header.colorType)"
    tuning = header.tuning
    tileExponent = header.tileExponent
    stateBits = header.stateBits
    seed = header.seed
    model = hexadecimal(header.modelIdentifier)
    let map = tokens.levelMap
    rows = map.rows
    columns = map.columns
    runs = tokens.bands.map { $0.map { $0.map { [$0.bits, $0.count] } } }
    codeWidths = tokens.codes.widths
    groupEnds = tokens.codes.groupEnds
    levels =
      isComplete
      ? (0..<map.rows).map { Array(map.levels[$0 * map.columns..<($0 + 1) * map.columns]) } : nil
    graphics = tokens.graphics.map { layer in
      Graphics(
        mask: (0..<map.rows).map { row in
          String(
            (row * map.columns..<(row + 1) * map.columns).map {
              layer.outside[$0] ? "#" : layer.mask[$0] ? "+" : "."
            })
        }, units: layer.units)
    }
    order = "\(tokens.order)"
    hasHeadCopy = tokens.hasHeadCopy
    starts = tokens.starts.map { Int($0) }
    chunks = tokens.ancillary.map {
      AncillaryChunk(
        type: String(Unicode.Scalar($0.type)), bytes: isComplete ? $0.payload : nil)
    }
  }

  /// The JSON text. Inverse: `init(parsing:)`.
  func serialized() -> String {
    func list(_ elements: [String]) -> String { "[\(elements.joined(separator: ","))]" }
    func numbers(_ values: [some BinaryInteger]) -> String { list(values.map { "\($0)" }) }
    var members: [(name: String, value: String)] = [
      (
        "chunks",
        list(
          chunks.map { chunk in
            let bytes = chunk.bytes.map { "\"bytes\":\"\(Base64.text($0))\"," } ?? ""
            return "{\(bytes)\"type\":\(JSON.quoted(chunk.type))}"
          })
      ),
      ("codeWidths", list(codeWidths.map { list($0.map { numbers($0) }) })),
      ("colorType", JSON.quoted(colorType)), ("columns", "\(columns)"), ("format", "\(format)"),
    ]
    if let graphics {
      let units = list(graphics.units.map { "\"\(Base64.text($0))\"" })
      members.append(
        ("graphics", "{\"mask\":\(list(graphics.mask.map(JSON.quoted))),\"units\":\(units)}"))
    }
    members += [
      ("groupEnds", numbers(groupEnds)), ("hasHeadCopy", "\(hasHeadCopy)"), ("height", "\(height)"),
    ]
    if let levels { members.append(("levels", list(levels.map { numbers($0) }))) }
    members += [
      ("model", JSON.quoted(model)), ("order", JSON.quoted(order)), ("rows", "\(rows)"),
      ("runs", list(runs.map { list($0.map { list($0.map { numbers($0) }) }) })),
      ("seed", "\(seed)"),
      ("starts", numbers(starts)), ("stateBits", "\(stateBits)"),
      ("tileExponent", "\(tileExponent)"), ("tuning", "\(tuning)"), ("width", "\(width)"),
    ]
    return "{\(members.map { "\"\($0.name)\":\($0.value)" }.joined(separator: ","))}"
  }

  /// Reads the JSON text. Inverse of `serialized`.
  ///
  /// - Throws: `TokenError`.
  init(parsing text: [UInt8]) throws(TokenError) {
    guard text.count <= Self.maximumBytes else {
      throw .limitExceeded(
        what: "size of the description", limit: Self.maximumBytes, found: text.count)
    }
    let json: JSON
    do {
      json = try JSON(parsing: text)
    } catch {
      throw .badDescription("\(error.reason)")
    }
    let members = try Members(json, "the description")
    format = try members.value("format", "an integer") { $0.integer }
    width = try members.value("width", "an integer") { $0.integer }
    height = try members.value("height", "an integer") { $0.integer }
    colorType = try members.value("colorType", "a text") { $0.text }
    // Without it, as in descriptions of older programs, the first.
    tuning = try members.optional("tuning", "an integer") { $0.integer } ?? 0
    tileExponent = try members.value("tileExponent", "an integer") { $0.integer }
    stateBits = try members.value("stateBits", "an integer") { $0.integer }
    seed = try members.value("seed", "an integer") { $0.integer.flatMap { UInt64(exactly: $0) } }
    model = try members.value("model", "a text") { $0.text }
    rows = try members.value("rows", "an integer") { $0.integer }
    columns = try members.value("columns", "an integer") { $0.integer }
    runs = try members.value("runs", "lists of lists of lists of integers") {
      $0.list { $0.list { $0.list { $0.integers } } }
    }
    codeWidths = try members.value("codeWidths", "lists of lists of integers") {
      $0.list { $0.list { $0.integers } }
    }
    groupEnds = try members.value("groupEnds", "integers") { $0.integers }
    levels = try members.optional("levels", "lists of bytes") {
      $0.list { $0.list { $0.integer.flatMap { UInt8(exactly: $0) } } }
    }
    starts = try members.value("starts", "integers") { $0.integers }
    var chunks: [AncillaryChunk] = []
    for chunk in try members.value("chunks", "a list", { $0.array }) {
      let chunk = try Members(chunk, "a chunk")
      chunks.append(
        AncillaryChunk(
          type: try chunk.value("type", "a text") { $0.text },
          bytes: try chunk.optional("bytes", "a text of base 64") {
            $0.text.flatMap { Base64.bytes($0) }
          }))
    }
    self.chunks = chunks
    if let layer = try members.optional("graphics", "an object", { $0 }) {
      let layer = try Members(layer, "graphics")
      graphics = Graphics(
        mask: try layer.value("mask", "texts") { $0.list { $0.text } },
        units: try layer.value("units", "texts of base 64") {
          $0.list { $0.text.flatMap { Base64.bytes($0) } }
        })
    } else {
      graphics = nil
    }
    order = try members.value("order", "a text") { $0.text }
    hasHeadCopy = try members.value("hasHeadCopy", "true or false") {
      if case .bool(let value) = $0 { value } else { nil }
    }
    guard format == Self.currentFormat else {
      throw .badDescription("format \(format), this program reads \(Self.currentFormat)")
    }
  }

  /// The header, checked against the format's limits and the reader's.
  func header(_ limits: DecodeLimits) throws(TokenError) -> Header {
    guard (1...limits.maxDimension).contains(width), (1...limits.maxDimension).contains(height)
    else {
      throw .badDescription("\(width) x \(height) pixels, expected 1 to \(limits.maxDimension)")
    }
    let (pixels, overflow) = width.multipliedReportingOverflow(by: height)
    guard !overflow, pixels <= limits.maxPixels else {
      throw .limitExceeded(
        what: "number of pixels", limit: limits.maxPixels, found: overflow ? Int.max : pixels)
    }
    guard let color = Header.ColorType.allCases.first(where: { "\($0)" == colorType }) else {
      throw .badDescription(
        "colorType is \(colorType.debugDescription), expected rgb, grey or neutral")
    }
    guard (0..<Header.maximumTunings).contains(tuning) else {
      throw .badDescription(
        "tuning is \(tuning), expected 0 to \(Header.maximumTunings - 1)")
    }
    guard Header.tileExponents.contains(tileExponent) else {
      throw .badDescription(
        "tileExponent is \(tileExponent), expected 0 to \(Header.tileExponents.upperBound)")
    }
    guard Header.stateBitCounts.contains(stateBits) else {
      throw .badDescription("stateBits is \(stateBits), expected 5 to 16")
    }
    guard seed < 1 << 63 else { throw .badDescription("seed is \(seed), expected below 2^63") }
    let digits = Array(model.utf8)
    let identifier = stride(from: 0, to: digits.count - digits.count % 2, by: 2).compactMap {
      UInt8(String(decoding: digits[$0..<$0 + 2], as: UTF8.self), radix: 16)
    }
    guard digits.count == 16, hexadecimal(identifier) == model else {
      throw .badDescription("model is \(model.debugDescription), expected 16 digits of base 16")
    }
    let header = Header(
      width: width, height: height, colorType: color, tuning: tuning,
      tileExponent: tileExponent, stateBits: stateBits, seed: seed, modelIdentifier: identifier)
    guard rows == header.rows, columns == header.columns else {
      throw .wrongShape(
        name: "grid", expected: [header.rows, header.columns], found: [rows, columns])
    }
    return header
  }

  /// The tokens of arrays that belong to this description.
  func tokens(
    shape: [Int], values: [Int], levels: [UInt8], chunks: [[UInt8]],
    limits: DecodeLimits = DecodeLimits()
  ) throws(TokenError) -> PictureTokens {
    let header = try header(limits)
    guard levels.count == header.rows * header.columns else {
      throw .badDescription("\(levels.count) levels, expected \(header.rows * header.columns)")
    }
    guard (1...RateTable.maxRateLevelCount * RateTable.maxModes).contains(runs.first?.count ?? 0)
    else {
      throw .badDescription("\(runs.first?.count ?? 0) levels have runs")
    }
    var checked: [[[PictureTokens.Band]]] = []
    for levels in runs {
      var phase: [[PictureTokens.Band]] = []
      for runs in levels {
        var level: [PictureTokens.Band] = []
        for band in runs {
          guard band.count == 2 else { throw .badDescription("a band has \(band.count) numbers") }
          level.append(PictureTokens.Band(bits: band[0], count: band[1]))
        }
        phase.append(level)
      }
      checked.append(phase)
    }
    guard
      try PictureTokens.codeTable(header.stateBits, checked, groupEnds).widths == codeWidths
    else {
      throw .badDescription("codeWidths are not those that the runs imply")
    }
    guard chunks.count <= limits.maxAncillaryChunks else {
      throw .limitExceeded(
        what: "number of chunks", limit: limits.maxAncillaryChunks, found: chunks.count)
    }
    var ancillary: [Chunk] = []
    for (described, payload) in zip(self.chunks, chunks) {
      let letters = Array(described.type.utf8)
      guard letters.count == 1, Chunk.isAncillary(letters[0]),
        letters[0] != Chunk.headCopy
      else {
        throw .badDescription("a chunk's type is \(described.type.debugDescription)")
      }
      ancillary.append(Chunk(ancillary: letters[0], payload: payload))
    }
    guard let order = CodeOrder.allCases.first(where: { "\($0)" == self.order }) else {
      throw .badDescription("order is \(self.order.debugDescription), expected tiles or phases")
    }
    var layer: GraphicsLayer?
    if let graphics {
      let letters = graphics.mask.flatMap { Array($0.utf8) }
      let outside = letters.map { $0 == UInt8(ascii: "#") }
      let mask = zip(letters, outside).map { $1 || $0 == UInt8(ascii: "+") }
      guard mask.count == header.rows * header.columns,
        graphics.mask.allSatisfy({ $0.utf8.count == header.columns })
      else { throw .badDescription("the mask of graphics is not of the grid's size") }
      guard GraphicsLayer.places(header: header, mask: mask).count == graphics.units.count else {
        throw .badDescription("\(graphics.units.count) units of graphics do not fit the mask")
      }
      layer = GraphicsLayer(
        header: header, mask: mask, outside: outside, units: graphics.units)
    }
    return try PictureTokens(
      header: header,
      levelMap: LevelMap(columns: header.columns, rows: header.rows, levels: levels),
      bands: checked, groupEnds: groupEnds, ancillary: ancillary, order: order,
      hasHeadCopy: hasHeadCopy, graphics: layer,
      shape: shape,
      values: values, starts: starts)
  }
}

/// The members of a JSON object, each of which must be what is expected.
private struct Members {
  private let members: [String: JSON]

  init(_ json: JSON, _ what: String) throws(TokenError) {
    guard let members = json.object else { throw .badDescription("\(what) is no JSON object") }
    self.members = members
  }

  func value<Value>(
    _ name: String, _ expected: String, _ convert: (JSON) -> Value?
  ) throws(TokenError) -> Value {
    guard let json = members[name] else { throw .badDescription("\(name) is missing") }
    guard let value = convert(json) else {
      throw .badDescription("\(name) is not \(expected)")
    }
    return value
  }

  /// Nil for a member that is not there, or null.
  func optional<Value>(
    _ name: String, _ expected: String, _ convert: (JSON) -> Value?
  ) throws(TokenError) -> Value? {
    guard let json = members[name] else { return nil }
    if case .null = json { return nil }
    return try value(name, expected, convert)
  }
}

/// Bytes as text (RFC 4648, section 4).
private enum Base64 {
  private static let digits = Array(
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)

  /// Inverse: `bytes(_:)`.
  static func text(_ bytes: [UInt8]) -> String {
    var result: [UInt8] = []
    result.reserveCapacity((bytes.count + 2) / 3 * 4)
    for start in stride(from: 0, to: bytes.count, by: 3) {
      let count = min(3, bytes.count - start)
      let word = (0..<count).reduce(0) { $0 | Int(bytes[start + $1]) << (16 - 8 * $1) }
      for place in 0..<4 {
        result.append(
          place <= count ? digits[word >> (18 - 6 * place) & 63] : UInt8(ascii: "="))
      }
    }
    return String(decoding: result, as: UTF8.self)
  }

  /// Nil for a text that is not exactly what `text(_:)` makes.
  static func bytes(_ text: String) -> [UInt8]? {
    let text = Array(text.utf8)
    guard text.count.isMultiple(of: 4) else { return nil }
    var values = [UInt8](repeating: 255, count: 256)
    for (value, digit) in digits.enumerated() { values[Int(digit)] = UInt8(value) }
    var result: [UInt8] = []
    result.reserveCapacity(text.count / 4 * 3)
    for start in stride(from: 0, to: text.count, by: 4) {
      let isLast = start + 4 == text.count
      let padding =
        !isLast || text[start + 3] != UInt8(ascii: "=")
        ? 0 : text[start + 2] != UInt8(ascii: "=") ? 1 : 2
      var word = 0
      for place in 0..<4 - padding {
        let value = values[Int(text[start + place])]
        guard value < 64 else { return nil }
        word |= Int(value) << (18 - 6 * place)
      }
      // Bits that belong to no byte are zero.
      guard word & (1 << (8 * padding) - 1) == 0 else { return nil }
      for place in 0..<3 - padding { result.append(UInt8(word >> (16 - 8 * place) & 255)) }
    }
    return result
  }
}

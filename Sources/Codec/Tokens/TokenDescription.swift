import GQBitstream
import Foundation
import GQModel

/// What stands beside an array of tokens, as JSON.
struct TokenDescription: Codable {
  /// The version of this description.
  static let currentFormat = 1
  /// The most bytes of a description.
  static let maximumBytes = 256 << 20

  struct AncillaryChunk: Codable {
    /// An ASCII letter.
    let type: String
    /// The content; nil where a tensor holds it.
    let bytes: Data?
  }

  /// A graphics layer.
  struct Graphics: Codable {
    /// One text for each row of positions: `#` for those of the layer, `.` for others.
    let mask: [String]
    /// For each unit its VP8L bitstream.
    let units: [Data]
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
  /// For each level its runs as [bits per coefficient, number of coefficients].
  let runs: [[[Int]]]
  /// For each level the widths of its tokens in bits.
  let codeWidths: [[Int]]
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
    runs = tokens.runs.map { $0.map { [$0.bits, $0.count] } }
    codeWidths = tokens.codeWidths
    levels =
      isComplete
      ? (0..<map.rows).map { Array(map.levels[$0 * map.columns..<($0 + 1) * map.columns]) } : nil
    graphics = tokens.graphics.map { layer in
      Graphics(
        mask: (0..<map.rows).map { row in
          String(
            layer.mask[row * map.columns..<(row + 1) * map.columns].map { $0 ? "#" : "." })
        }, units: layer.units.map { Data($0) })
    }
    order = "\(tokens.order)"
    hasHeadCopy = tokens.hasHeadCopy
    starts = tokens.starts.map { Int($0) }
    chunks = tokens.ancillary.map {
      AncillaryChunk(
        type: String(Unicode.Scalar($0.type)), bytes: isComplete ? Data($0.payload) : nil)
    }
  }

  func serialized() throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    return String(decoding: try encoder.encode(self), as: UTF8.self)
  }

  init(parsing text: [UInt8]) throws(TokenError) {
    guard text.count <= Self.maximumBytes else {
      throw .limitExceeded(
        what: "size of the description", limit: Self.maximumBytes, found: text.count)
    }
    do {
      self = try JSONDecoder().decode(Self.self, from: Data(text))
    } catch {
      throw .badDescription("not as expected: \(error)")
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
      throw .badDescription("colorType is \(colorType.debugDescription), expected rgb or grey")
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
    guard (1...LevelLadder.maxRungCount * LevelLadder.maxVariants).contains(runs.count) else {
      throw .badDescription("\(runs.count) levels have runs")
    }
    var checked: [[PictureTokens.Run]] = []
    for runs in runs {
      var level: [PictureTokens.Run] = []
      for run in runs {
        guard run.count == 2 else { throw .badDescription("a run has \(run.count) numbers") }
        level.append(PictureTokens.Run(bits: run[0], count: run[1]))
      }
      checked.append(level)
    }
    guard try PictureTokens.codeWidths(header.stateBits, checked) == codeWidths else {
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
      let mask = graphics.mask.flatMap { $0.utf8.map { $0 == UInt8(ascii: "#") } }
      guard mask.count == header.rows * header.columns,
        graphics.mask.allSatisfy({ $0.utf8.count == header.columns })
      else { throw .badDescription("the mask of graphics is not of the grid's size") }
      guard GraphicsLayer.places(header: header, mask: mask).count == graphics.units.count else {
        throw .badDescription("\(graphics.units.count) units of graphics do not fit the mask")
      }
      layer = GraphicsLayer(
        header: header, mask: mask, units: graphics.units.map { [UInt8]($0) })
    }
    return try PictureTokens(
      header: header,
      levelMap: LevelMap(columns: header.columns, rows: header.rows, levels: levels),
      runs: checked, ancillary: ancillary, order: order, hasHeadCopy: hasHeadCopy, graphics: layer,
      shape: shape,
      values: values, starts: starts)
  }
}

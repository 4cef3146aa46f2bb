package import GQBitstream
package import GQModel
import GaussianQuant

/// A picture as an array of discrete codes, for those who train models of them, and all that its file holds beside.
///
/// A token is a code as the file packs it: the bits of a coefficient's step through the trellis. `docs/tokens.md` tells how
/// tokens become values.
package struct PictureTokens: Sendable, Equatable {
  /// What stands where nothing is sent.
  package static let absent: Int32 = -1
  /// The most elements of an array of tokens.
  package static let maximumTokenCount = 1 << 28
  /// The most coefficients of a level.
  package static let maximumCoefficientCount = 4096

  /// Adjacent coefficients with the same number of bits.
  package struct Band: Sendable, Equatable {
    /// Bits of each coefficient.
    package let bits: Int
    /// Number of coefficients.
    package let count: Int

    /// A band.
    package init(bits: Int, count: Int) {
      self.bits = bits
      self.count = count
    }
  }

  /// Size, colour, model, state bits, and seed.
  package let header: Header
  /// The level of every position.
  package let levelMap: LevelMap
  /// For each phase and level its coefficients' bits.
  package let bands: [[[Band]]]
  /// The widths in bits of tokens, by phase and level, and the groups in which paths take them.
  package let codes: CodeTable
  /// [rows, columns, width] tokens, row-major, `absent` where the level of the position has fewer than others.
  package let tokens: [Int32]
  /// The states that the paths of the file's segments begin in, in the order of the file.
  package let starts: [UInt32]
  /// The positions that are coded without loss, which have no tokens.
  package let graphics: GraphicsLayer?
  /// Chunks that a decoder may skip, alpha and metadata among them.
  package let ancillary: [Chunk]
  /// In which order codes stand in the file.
  package let order: CodeOrder
  /// Whether the file has header and level map a second time.
  package let hasHeadCopy: Bool
  private let rateTable: RateTable

  /// The most tokens of a level, at least 1: the last extent of `shape`.
  package var width: Int { Self.width(codes) }
  /// Rows, columns and tokens of a position.
  package var shape: [Int] { [levelMap.rows, levelMap.columns, width] }

  /// The tokens of a file. Inverse: `codedPicture`.
  ///
  /// - Parameters:
  ///   - coded: the file.
  ///   - table: the levels of the file's model.
  /// - Throws: `CodecError.incompatible` when the levels are another model's, `TokenError.limitExceeded`.
  package init(_ coded: CodedPicture, table: LevelTable) throws {
    guard let rateTable = RateTable(bits: table.bits), coded.rateTable == rateTable else {
      throw CodecError.incompatible(
        what: "rate table", expected: "\(table.bits)", found: "\(coded.rateTable.bits)")
    }
    let bands = CodingPhase.allCases.map { phase in
      (0..<table.levelCount).map { level in
        Self.bands(table.groups(UInt8(level), phase).flatMap(\.bands))
      }
    }
    let codes = try Self.codeTable(coded.header.stateBits, bands, table.codes.groupEnds)
    let packing = Self.packing(coded.header, rateTable, coded.levelMap, coded.order, codes)
    let width = Self.width(codes)
    try Self.checkCount(coded.levelMap, width)
    var tokens = [Int32](repeating: Self.absent, count: coded.levelMap.levels.count * width)
    let (unpacked, starts) = try packing.unpack(coded.segments)
    self.starts = starts
    for (position, codes) in unpacked.enumerated() {
      for (place, code) in codes.enumerated() { tokens[position * width + place] = Int32(code) }
    }
    header = coded.header
    levelMap = coded.levelMap
    self.bands = bands
    self.codes = codes
    self.tokens = tokens
    graphics = coded.graphics
    ancillary = coded.ancillary
    order = coded.order
    hasHeadCopy = coded.hasHeadCopy
    self.rateTable = rateTable
  }

  /// Tokens from outside, with a description that was checked.
  ///
  /// - Throws: `TokenError` when a token does not fit its place, or the levels do not fit the format.
  init(
    header: Header, levelMap: LevelMap, bands: [[[Band]]], groupEnds: [Int], ancillary: [Chunk],
    order: CodeOrder,
    hasHeadCopy: Bool, graphics: GraphicsLayer?, shape: [Int], values: [Int], starts: [Int]
  ) throws(TokenError) {
    let codes = try Self.codeTable(header.stateBits, bands, groupEnds)
    let bits = codes.widths.map { $0.map { $0.reduce(0, +) } }
    guard bits.allSatisfy({ $0 == bits[0] }), let rateTable = RateTable(bits: bits[0]) else {
      throw .badDescription(
        "the levels' bits differ between phases, do not rise, or go beyond the format's limits")
    }
    let count = bits[0].count
    guard levelMap.levels.allSatisfy({ Int($0) < count }) else {
      throw .badDescription("a position has a level that is not among the \(count) levels")
    }
    let width = Self.width(codes)
    try Self.checkCount(levelMap, width)
    let expected = [levelMap.rows, levelMap.columns, width]
    guard shape == expected else {
      throw .wrongShape(name: "tokens", expected: expected, found: shape)
    }
    var tokens = [Int32](repeating: Self.absent, count: values.count)
    for (position, level) in levelMap.levels.enumerated() {
      let places = codes.widths(
        level,
        CodingPhase(position: position, columns: levelMap.columns))
      for place in 0..<width {
        let value = values[position * width + place]
        let isValid =
          place < places.count ? (0..<1 << places[place]).contains(value) : value == Self.absent
        guard isValid else {
          throw .invalidToken(
            row: position / levelMap.columns, column: position % levelMap.columns, place: place,
            found: value,
            expected: place < places.count ? "0 to \((1 << places[place]) - 1)" : "\(Self.absent)")
        }
        tokens[position * width + place] = Int32(value)
      }
    }
    let layout = TileLayout(header: header, rateTable: rateTable, levelMap: levelMap, order: order)
    guard starts.count == layout.segments.count,
      zip(starts, layout.segments).allSatisfy({ start, segment in
        (0..<(segment.bitCount > 0 ? 1 << TileLayout.startBits : 1)).contains(start)
      })
    else {
      throw .badDescription(
        "starts are not \(layout.segments.count) states of \(TileLayout.startBits) bits")
    }
    self.starts = starts.map { UInt32($0) }
    self.header = header
    self.levelMap = levelMap
    self.bands = bands
    self.codes = codes
    self.tokens = tokens
    self.graphics = graphics
    self.ancillary = ancillary
    self.order = order
    self.hasHeadCopy = hasHeadCopy
    self.rateTable = rateTable
  }

  /// The file that the tokens describe. Inverse of `init(_:table:)`.
  ///
  /// Ancillary chunks come before the level map, as `GQEncoder` writes them.
  package func codedPicture() -> CodedPicture {
    let width = width
    let codes = levelMap.levels.enumerated().map { position, level in
      self.codes.widths(
        level, CodingPhase(position: position, columns: levelMap.columns)
      ).indices.map { UInt32(tokens[position * width + $0]) }
    }
    return CodedPicture(
      header: header, rateTable: rateTable, levelMap: levelMap, graphics: graphics, order: order,
      segments: Self.packing(header, rateTable, levelMap, order, self.codes).pack(
        codes, starts: starts),
      ancillary: ancillary, hasHeadCopy: hasHeadCopy)
  }

  /// The trellis state after every token's step, `absent` where nothing is sent: with the token it chooses a coefficient's value.
  /// Its lowest bits, two or one for tokens of one bit, are the token's.
  package func states() -> [Int32] {
    let width = width
    var states = [Int32](repeating: Self.absent, count: tokens.count)
    let layout = TileLayout(header: header, rateTable: rateTable, levelMap: levelMap, order: order)
    for (number, tile) in layout.tiles.enumerated() {
      var state: UInt32 = 0
      for phase in CodingPhase.allCases {
        if order == .phases || phase == .first {
          state = starts[layout.segments(of: number..<number + 1, phase).lowerBound]
        }
        let positions = tile.positions(of: phase, gridColumns: levelMap.columns)
        for group in 0..<codes.groupCount {
          let steps = codes.steps(
            group: group, phase, levels: levelMap.levels, positions: positions)
          for step in steps {
            let place = step.position * width + step.code
            state = Trellis.state(
              after: state, bits: UInt32(tokens[place]), count: Int(step.bits),
              stateBitCount: header.stateBits)
            states[place] = Int32(state)
          }
        }
      }
    }
    return states
  }

  /// Bands of adjacent coefficients, those of the same bits together: groups may have divided them.
  private static func bands(_ parts: [LevelTable.Band]) -> [Band] {
    var result: [Band] = []
    for part in parts {
      if let last = result.last, last.bits == part.bits {
        result[result.count - 1] = Band(bits: last.bits, count: last.count + part.count)
      } else {
        result.append(Band(bits: part.bits, count: part.count))
      }
    }
    return result
  }

  /// The widths of codes, by phase and level.
  ///
  /// - Throws: `TokenError.badDescription` when the trellis cannot carry a band, `TokenError.limitExceeded`.
  static func codeTable(
    _ stateBits: Int, _ bands: [[[Band]]], _ groupEnds: [Int]
  ) throws(TokenError) -> CodeTable {
    guard CodeTable.areEnds(groupEnds) else {
      throw .badDescription("groupEnds is \(groupEnds), expected to rise to 8")
    }
    guard bands.count == CodingPhase.allCases.count,
      bands.allSatisfy({ $0.count == bands[0].count })
    else { throw .badDescription("runs are not those of four phases") }
    let most = min(8, stateBits - 4)
    var widths: [[[Int]]] = []
    for levels in bands {
      var phase: [[Int]] = []
      for bands in levels {
        var level: [Int] = []
        for band in bands {
          guard (1...most).contains(band.bits), (1...maximumCoefficientCount).contains(band.count)
          else {
            throw .badDescription(
              "a band of \(band.count) coefficients of \(band.bits) bits, expected 1 to \(most) bits"
            )
          }
          let count = level.count + band.count
          guard count <= maximumCoefficientCount else {
            throw .limitExceeded(
              what: "number of coefficients", limit: maximumCoefficientCount, found: count)
          }
          level += Array(repeating: band.bits, count: band.count)
        }
        phase.append(level)
      }
      widths.append(phase)
    }
    return CodeTable(widths: widths, groupEnds: groupEnds)
  }

  private static func width(_ codes: CodeTable) -> Int { max(1, codes.mostCodes) }

  private static func checkCount(_ map: LevelMap, _ width: Int) throws(TokenError) {
    let (count, overflow) = map.levels.count.multipliedReportingOverflow(by: width)
    guard !overflow, count <= maximumTokenCount else {
      throw .limitExceeded(
        what: "number of tokens", limit: maximumTokenCount, found: overflow ? Int.max : count)
    }
  }

  private static func packing(
    _ header: Header, _ rateTable: RateTable, _ map: LevelMap, _ order: CodeOrder,
    _ codes: CodeTable
  ) -> CodePacking {
    CodePacking(
      layout: TileLayout(header: header, rateTable: rateTable, levelMap: map, order: order),
      columns: map.columns, levels: map.levels, codes: codes)
  }
}

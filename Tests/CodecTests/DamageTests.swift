import GQBitstream
import GQCodec
import Testing

/// Bytes that a decoder must refuse.
struct DamageTests {
  static let file: [UInt8] = {
    guard
      let picture = try? samplePicture("chelsea.png").cropped(x: 80, y: 60, width: 60, height: 50),
      let encoded = try? makeEncoder().encode(
        picture, options: EncodingOptions(target: .bitsPerPixel(0.6), effort: 1))
    else { fatalError("the sample does not encode") }
    return encoded.bytes
  }()

  @Test func truncationIsAnError() throws {
    let decoder = makeDecoder()
    for count in 0..<Self.file.count {
      #expect(throws: BitstreamError.self) { try decoder.decode(Array(Self.file.prefix(count))) }
    }
  }

  @Test func flippedBitsAreErrors() throws {
    let decoder = makeDecoder()
    for place in 0..<Self.file.count * 8 {
      var damaged = Self.file
      damaged[place / 8] ^= 1 << UInt8(place % 8)
      #expect(throws: BitstreamError.self) { try decoder.decode(damaged) }
    }
  }

  @Test func otherModelsAndRateTablesAreRefused() throws {
    let decoder = makeDecoder()
    let coded = try CodedPicture(parsing: Self.file)
    func changed(
      identifier: [UInt8], stateBits: Int, rateTable: RateTable
    ) -> [UInt8] {
      let header = Header(
        width: coded.header.width, height: coded.header.height, colorType: .rgb,
        stateBits: stateBits, seed: 0, modelIdentifier: identifier)
      let map = LevelMap(
        columns: header.columns, rows: header.rows,
        levels: Array(repeating: 0, count: header.columns * header.rows))
      let layout = TileLayout(header: header, rateTable: rateTable, levelMap: map)
      return CodedPicture(
        header: header, rateTable: rateTable, levelMap: map,
        segments: layout.segments.map { Array(repeating: 0, count: $0.dataByteCount) }
      ).serialized()
    }
    let own = coded.header.modelIdentifier
    let other = [UInt8](repeating: 7, count: 8)
    let (stateBits, rateTable) = (coded.header.stateBits, coded.rateTable)
    #expect(throws: CodecError.wrongModel(expected: own, found: other)) {
      try decoder.decode(changed(identifier: other, stateBits: stateBits, rateTable: rateTable))
    }
    #expect(throws: CodecError.self) {
      try decoder.decode(
        changed(identifier: own, stateBits: 5, rateTable: rateTable))
    }
    #expect(throws: CodecError.self) {
      let short = RateTable([.init(bits: 3, modes: 1)])
      _ = try decoder.decode(changed(identifier: own, stateBits: stateBits, rateTable: short))
    }
    #expect(
      try decoder.decode(changed(identifier: own, stateBits: stateBits, rateTable: rateTable)).width
        == 60
    )
  }
}

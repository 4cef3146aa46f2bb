import GQBitstream
import Testing

struct ContainerTests {
  static let sizes = [(1, 1), (16, 16), (17, 33), (1, 4000), (255, 257), (768, 512), (3000, 20)]

  @Test(arguments: sizes, MapKind.allCases)
  func filesComeBack(_ size: (Int, Int), _ kind: MapKind) throws {
    for order in CodeOrder.allCases {
      let coded = makeCoded(
        width: size.0, height: size.1, kind: kind, colorType: .grey, order: order,
        hasHeadCopy: order == .phases, seed: 5)
      let bytes = coded.serialized()
      #expect(try CodedPicture(parsing: bytes) == coded)
      #expect(
        CodedPicture.byteCount(
          header: coded.header, rateTable: coded.rateTable, levelMap: coded.levelMap, order: order,
          hasHeadCopy: coded.hasHeadCopy) == bytes.count)
    }
  }

  @Test(arguments: Header.stateBitCounts)
  func anyStateBitsComeBack(_ stateBits: Int) throws {
    let coded = makeCoded(width: 100, height: 70, stateBits: stateBits)
    #expect(try CodedPicture(parsing: coded.serialized()) == coded)
  }

  @Test(arguments: Header.tileExponents)
  func anyTileSizeComesBack(_ exponent: Int) throws {
    let coded = makeCoded(width: 300, height: 200, kind: .extremes, tileExponent: exponent)
    #expect(try CodedPicture(parsing: coded.serialized()) == coded)
  }

  @Test(
    arguments: [
      [0], [3], [0, 4095], [7, 7, 7], [0, 1, 1, 1, 2, 2, 2, 2, 2, 2, 2, 2], Array(0...31),
    ])
  func anyRateTableComesBack(_ bits: [Int]) throws {
    let rateTable = try #require(RateTable(bits: bits))
    #expect(rateTable.bits == bits)
    let coded = makeCoded(width: 90, height: 90, kind: .random, rateTable: rateTable)
    #expect(try CodedPicture(parsing: coded.serialized()) == coded)
  }

  @Test(
    arguments: [[], [1, 0], [4096], [-1], Array(repeating: 5, count: 9), Array(0...32)])
  func impossibleRateTables(_ bits: [Int]) {
    #expect(RateTable(bits: bits) == nil)
  }

  /// Every position of a tile belongs to one phase and comes once.
  @Test(arguments: [0, 1, 3, 4])
  func tilesHoldEveryPositionOnce(_ exponent: Int) {
    let coded = makeCoded(width: 333, height: 210, tileExponent: exponent)
    let layout = TileLayout(
      header: coded.header, rateTable: coded.rateTable, levelMap: coded.levelMap)
    let columns = coded.header.columns
    let all = layout.tiles.flatMap { tile in
      CodingPhase.allCases.flatMap { tile.positions(of: $0, gridColumns: columns) }
    }
    #expect(all.sorted() == Array(0..<columns * coded.header.rows))
    for phase in CodingPhase.allCases {
      let positions = layout.tiles.flatMap { $0.positions(of: phase, gridColumns: columns) }
      #expect(
        positions.sorted() == phase.positions(rows: coded.header.rows, columns: columns))
    }
  }

  @Test func ancillaryChunksAreKeptAndCounted() throws {
    let chunks = [
      Chunk(ancillary: Chunk.exif, payload: Array(0...255)),
      Chunk(ancillary: UInt8(ascii: "z"), payload: []),
    ]
    let coded = makeCoded(width: 40, height: 40, ancillary: chunks)
    let bytes = coded.serialized()
    #expect(try CodedPicture(parsing: bytes) == coded)
    #expect(
      CodedPicture.byteCount(
        header: coded.header, rateTable: coded.rateTable, levelMap: coded.levelMap,
        ancillary: chunks)
        == bytes.count)
  }

  @Test func overheadIsSmall() throws {
    for kind in [MapKind.equal, .random] {
      let bytes = makeCoded(width: 768, height: 512, kind: kind, seed: 3).serialized()
      let file = try FileStructure(parsing: bytes)
      let packed = file.layout.segments.reduce(0) { $0 + $1.byteCount - 4 }
      #expect(bytes.count - packed - file.levelMapByteCount <= 70)
      if kind == .equal { #expect(file.levelMapByteCount <= 12) }
    }
  }

  /// The bytes of the format must not change without a new version.
  @Test func bytesArePinned() {
    let bytes = makeCoded(width: 40, height: 20, kind: .smooth, seed: 2).serialized()
    #expect(CRC32.of(bytes[...]) == 1_849_958_714)
    #expect(bytes.prefix(9) == [0x8B, 0x47, 0x51, 0x5A, 0x0D, 0x0A, 0x1A, 0x0A, 1])
  }

  @Test func truncationThrows() {
    let bytes = makeCoded(width: 40, height: 20, seed: 2).serialized()
    for count in bytes.indices {
      #expect(throws: BitstreamError.self) { try CodedPicture(parsing: Array(bytes.prefix(count))) }
    }
    #expect(throws: BitstreamError.self) { try CodedPicture(parsing: bytes + [0]) }
  }

  @Test(arguments: CodeOrder.allCases)
  func everyFlippedBitThrows(_ order: CodeOrder) {
    let bytes = makeCoded(
      width: 40, height: 20, ancillary: [Chunk(ancillary: Chunk.xmp, payload: [1, 2, 3])],
      order: order, hasHeadCopy: order == .phases, seed: 2
    ).serialized()
    for place in bytes.indices {
      for bit in 0..<8 {
        var damaged = bytes
        damaged[place] ^= 1 << UInt8(bit)
        #expect(throws: BitstreamError.self) { try CodedPicture(parsing: damaged) }
      }
    }
  }

  /// A picture of two blocks, whose chunks have indices.
  private static func divided(_ order: CodeOrder, hasHeadCopy: Bool = false) -> CodedPicture {
    makeCoded(
      width: 1040, height: 24,
      rateTable: RateTable([
        .init(bits: 0, modes: 1), .init(bits: 3, modes: 2), .init(bits: 9, modes: 3),
      ]), order: order, hasHeadCopy: hasHeadCopy)
  }

  @Test(arguments: CodeOrder.allCases)
  func everyFlippedBitOfADividedPictureThrows(_ order: CodeOrder) throws {
    let coded = Self.divided(order, hasHeadCopy: order == .phases)
    let bytes = coded.serialized()
    #expect(try CodedPicture(parsing: bytes) == coded)
    for place in bytes.indices {
      for bit in 0..<8 {
        var damaged = bytes
        damaged[place] ^= 1 << UInt8(bit)
        #expect(throws: BitstreamError.self) { try CodedPicture(parsing: damaged) }
      }
    }
    // Without the copy at its end a file is whole.
    for count in bytes.indices where !coded.hasHeadCopy {
      #expect(throws: BitstreamError.self) { try CodedPicture(parsing: Array(bytes.prefix(count))) }
    }
  }

  /// What a window does not need may be anything: what it needs is where it is in the whole file.
  @Test(arguments: CodeOrder.allCases)
  func windowsNeedNoOtherBlocks(_ order: CodeOrder) throws {
    let coded = makeCoded(width: 3300, height: 2100, order: order, seed: 4)
    let bytes = coded.serialized()
    let whole = try FileStructure(parsing: bytes)
    let window = GridRectangle(rows: 60..<70, columns: 100..<120)
    var part = bytes
    let needed = whole.levelMapBlocks.filter { $0.block.overlaps(window) }
    #expect(needed.count == 2 && whole.levelMapBlocks.count == 12)
    for (block, range) in whole.levelMapBlocks where !block.overlaps(window) {
      part.replaceSubrange(range, with: repeatElement(0x55, count: range.count))
    }
    for segment in whole.layout.segments {
      let tile = whole.layout.tiles[segment.tile]
      if !window.overlaps(GridRectangle(rows: tile.rows, columns: tile.columns)) {
        let range = whole.range(of: segment)
        part.replaceSubrange(range, with: repeatElement(0x55, count: range.count))
      }
    }
    let found = try FileStructure(parsing: part, window: window)
    for row in window.rows {
      for column in window.columns {
        let place = row * coded.header.columns + column
        #expect(found.levelMap.levels[place] == coded.levelMap.levels[place])
      }
    }
    var count = 0
    for (segment, other) in zip(whole.layout.segments, found.layout.segments) {
      let tile = whole.layout.tiles[segment.tile]
      if window.overlaps(GridRectangle(rows: tile.rows, columns: tile.columns)) {
        #expect(try whole.data(of: segment) == found.data(of: other))
        #expect(whole.range(of: segment) == found.range(of: other))
        count += 1
      }
    }
    #expect(count >= 4)
    #expect(throws: BitstreamError.self) { try FileStructure(parsing: part) }
    #expect(
      try FileStructure(parsing: part, window: .empty).layout.byteCount == whole.layout.byteCount)
  }

  @Test func signatureErrorsTellWhatHappened() {
    let bytes = makeCoded(width: 16, height: 16).serialized()
    var converted = bytes
    converted.remove(at: 4)
    #expect(throws: BitstreamError.damagedSignature) { try FileStructure(parsing: converted) }
    #expect(throws: BitstreamError.notGQZ) { try FileStructure(parsing: Array("hello".utf8)) }
    #expect(throws: BitstreamError.notGQZ) { try FileStructure(parsing: []) }
    var newer = bytes
    newer[8] = 2
    #expect(throws: BitstreamError.unsupportedVersion(found: 2, supported: 1)) {
      try FileStructure(parsing: newer)
    }
  }

  @Test func hugeClaimsAreRefusedBeforeMemoryIsTaken() {
    for (width, height) in [(UInt64(1) << 31, UInt64(1) << 31), (65_535, 65_535), (0, 5)] {
      var payload: [UInt8] = []
      payload.appendVarint(width)
      payload.appendVarint(height)
      payload += [0x40, 0x2C, 0, 1, 2, 3, 4, 5, 6, 7, 8]
      var bytes = FileStructure.signature
      let start = bytes.count
      bytes += [1, UInt8(payload.count)] + payload
      let checksum = CRC32.of(bytes[start...])
      for shift: UInt32 in [24, 16, 8, 0] {
        bytes.append(UInt8(truncatingIfNeeded: checksum >> shift))
      }
      #expect(throws: BitstreamError.self) { try FileStructure(parsing: bytes) }
    }
  }

  @Test func garbageNeverTraps() {
    var generator = RepeatableGenerator(state: 77)
    let valid = makeCoded(width: 200, height: 120, kind: .random, seed: 4).serialized()
    for round in 0..<4000 {
      var bytes = valid
      if round % 4 == 0 {
        bytes = FileStructure.signature + [1]
        for _ in 0..<Int.random(in: 0..<80, using: &generator) {
          bytes.append(UInt8.random(in: 0...255, using: &generator))
        }
      } else {
        for _ in 0..<Int.random(in: 1...6, using: &generator) {
          bytes[Int.random(in: 9..<min(bytes.count, 120), using: &generator)] =
            UInt8.random(in: 0...255, using: &generator)
        }
      }
      if bytes == valid { continue }
      #expect(throws: BitstreamError.self) { _ = try CodedPicture(parsing: bytes) }
    }
  }

  /// The refusal comes before any memory is taken for the picture, so it takes no time.
  @Test func hugeClaimsAreRefusedAtOnce() {
    var payload: [UInt8] = []
    payload.appendVarint(1 << 31)
    payload.appendVarint(1 << 31)
    payload += [0x40, 0x2C, 0, 1, 2, 3, 4, 5, 6, 7, 8]
    var bytes = FileStructure.signature + [1, UInt8(payload.count)] + payload
    let checksum = CRC32.of(bytes[8...])
    bytes += [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: checksum >> UInt32($0)) }
    bytes += Array(repeating: 0, count: 60 - bytes.count)
    let start = ContinuousClock.now
    for _ in 0..<1000 {
      #expect(throws: BitstreamError.limitExceeded(what: "width", found: 1 << 31, limit: 65535)) {
        try FileStructure(parsing: bytes)
      }
      #expect(throws: BitstreamError.self) { try FileStructure(recovering: bytes) }
    }
    // A thousand in the time that a slow machine may take for them, all the same far from 2^62 pixels.
    #expect(ContinuousClock.now - start < .seconds(10))
  }

  @Test func limitsAreTheCallers() {
    let bytes = makeCoded(width: 100, height: 50).serialized()
    #expect(throws: BitstreamError.self) {
      try FileStructure(parsing: bytes, limits: DecodeLimits(maxPixels: 4999))
    }
    #expect(throws: BitstreamError.self) {
      try FileStructure(parsing: bytes, limits: DecodeLimits(maxDimension: 99))
    }
    #expect(throws: BitstreamError.self) {
      try FileStructure(parsing: bytes, limits: DecodeLimits(maxLevelMapBytes: 2))
    }
    let manyTiles = makeCoded(width: 100, height: 50, tileExponent: 0).serialized()
    #expect(throws: BitstreamError.limitExceeded(what: "number of tiles", found: 28, limit: 27)) {
      try FileStructure(parsing: manyTiles, limits: DecodeLimits(maxTiles: 27))
    }
    #expect(throws: Never.self) {
      try FileStructure(parsing: manyTiles, limits: DecodeLimits(maxTiles: 28))
    }
  }
}

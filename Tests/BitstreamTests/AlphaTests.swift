import GQBitstream
import Testing

struct AlphaTests {
  /// A file with this payload in its alpha chunk, checksums right.
  private func file(
    _ payload: [UInt8], width: Int, height: Int, others: [Chunk] = []
  ) -> [UInt8] {
    makeCoded(
      width: width, height: height,
      ancillary: others + [Chunk(ancillary: Chunk.alpha, payload: payload)]
    ).serialized()
  }

  @Test(arguments: MadeUpAlpha.allCases, [(1, 1), (1, 50), (50, 1), (67, 33), (256, 100)])
  func comesBack(_ kind: MadeUpAlpha, _ size: (Int, Int)) throws {
    let plane = kind.plane(width: size.0, height: size.1)
    let payload = plane.encoded()
    #expect(payload.count <= size.0 * size.1 + 1)
    let bytes = file(payload, width: size.0, height: size.1)
    #expect(try FileStructure(parsing: bytes).alpha() == plane)
  }

  @Test func usualAlphaIsSmall() {
    func count(_ kind: MadeUpAlpha) -> Int { kind.plane(width: 512, height: 512).encoded().count }
    #expect(count(.opaque) <= 8)
    #expect(count(.transparent) <= 64)
    #expect(count(.mask) < 600)
    #expect(count(.softDisc) < 6000)
    #expect(count(.noise) <= 512 * 512 + 1)
  }

  @Test func bytesArePinned() {
    let bytes = MadeUpAlpha.allCases.flatMap { $0.plane(width: 61, height: 43).encoded() }
    #expect(CRC32.of(bytes[...]) == 3_300_031_685)
  }

  @Test func wrongPayloadsThrow() throws {
    let good = MadeUpAlpha.softDisc.plane(width: 40, height: 30).encoded()
    for payload in [
      [], [2], [7] + good, [0], [0] + Array(repeating: 9, count: 1199), good + [0],
      good + [1, 1, 1, 1, 1],
    ] {
      let bytes = file(payload, width: 40, height: 30)
      #expect(throws: BitstreamError.self, "\(payload.count) bytes") {
        try FileStructure(parsing: bytes).alpha()
      }
    }
    // Longer than any coded plane of this picture.
    #expect(throws: BitstreamError.limitExceeded(what: "chunk length", found: 1202, limit: 1201)) {
      try FileStructure(parsing: file(Array(repeating: 0, count: 1202), width: 40, height: 30))
    }
  }

  @Test func garbageNeverTraps() throws {
    var generator = RepeatableGenerator(state: 5)
    let good = MadeUpAlpha.gradient.plane(width: 40, height: 30).encoded()
    for round in 0..<600 {
      var payload = good
      if round % 2 == 0 {
        payload = [1]
        for _ in 0..<Int.random(in: 0..<300, using: &generator) {
          payload.append(UInt8.random(in: 0...255, using: &generator))
        }
      } else {
        payload[Int.random(in: 1..<payload.count, using: &generator)] =
          UInt8.random(in: 0...255, using: &generator)
      }
      let structure = try FileStructure(parsing: file(payload, width: 40, height: 30))
      do throws(BitstreamError) {
        let plane = try structure.alpha()
        #expect(plane?.samples.count == 1200)
      } catch {
        #expect(!error.description.isEmpty)
      }
    }
  }

  @Test(arguments: [Chunk.alpha, Chunk.iccProfile, Chunk.exif, Chunk.xmp])
  func secondChunksOfDefinedTypesThrow(_ type: UInt8) {
    let payload =
      type == Chunk.alpha ? MadeUpAlpha.mask.plane(width: 40, height: 30).encoded() : [1]
    let chunk = Chunk(ancillary: type, payload: payload)
    let once = makeCoded(width: 40, height: 30, ancillary: [chunk]).serialized()
    #expect(throws: Never.self) { try FileStructure(parsing: once) }
    let twice = makeCoded(width: 40, height: 30, ancillary: [chunk, chunk]).serialized()
    #expect(throws: BitstreamError.self) { try FileStructure(parsing: twice) }
  }

  @Test func alphaTakesPartInTheSize() {
    let chunk = Chunk(
      ancillary: Chunk.alpha, payload: MadeUpAlpha.mask.plane(width: 80, height: 60).encoded())
    let coded = makeCoded(width: 80, height: 60, ancillary: [chunk])
    #expect(
      CodedPicture.byteCount(
        header: coded.header, rateTable: coded.rateTable, levelMap: coded.levelMap,
        ancillary: [chunk])
        == coded.serialized().count)
  }
}

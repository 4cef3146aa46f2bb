import Testing

@testable import GQBitstream

/// Files of which parts are damaged.
struct RecoveryTests {
  /// Alpha and metadata before the level map, and the copy of header and level map at the end.
  private static func sample(
    _ order: CodeOrder = .tiles, copy: Bool = true, width: Int = 320
  ) -> CodedPicture {
    makeCoded(
      width: width, height: width == 320 ? 300 : 30, kind: .random,
      ancillary: [
        Chunk(ancillary: Chunk.exif, payload: Array(0...99)),
        Chunk(
          ancillary: Chunk.alpha,
          payload: MadeUpAlpha.softDisc.plane(width: width, height: width == 320 ? 300 : 30)
            .encoded()
        ),
      ], order: order, hasHeadCopy: copy, seed: 3)
  }

  /// Bytes up to the end of the header.
  private static func headByteCount(_ bytes: [UInt8]) throws -> Int {
    var cursor = ByteCursor(bytes, offset: FileStructure.signature.count)
    _ = try FileStructure.parseHeader(&cursor, limits: DecodeLimits())
    return cursor.offset
  }

  /// Bytes before the codes.
  private func headByteCount(_ coded: CodedPicture) throws -> Int {
    let layout = TileLayout(
      header: coded.header, rateTable: coded.rateTable, levelMap: coded.levelMap, order: coded.order
    )
    let without = CodedPicture(
      header: coded.header, rateTable: coded.rateTable, levelMap: coded.levelMap,
      order: coded.order,
      segments: coded.segments, ancillary: coded.ancillary)
    return without.serialized().count - layout.byteCount
  }

  @Test(arguments: CodeOrder.allCases)
  func intactFilesAreReadAsEver(_ order: CodeOrder) throws {
    let coded = Self.sample(order)
    let file = try FileStructure(recovering: coded.serialized())
    #expect(try CodedPicture(file) == coded)
    #expect(file.problems.isEmpty)
  }

  /// Whichever byte before the codes is damaged: with the copy all codes are found.
  @Test(arguments: CodeOrder.allCases, [320, 1100])
  func anyByteOfTheHeadMayBeDamaged(_ order: CodeOrder, width: Int) throws {
    let coded = Self.sample(order, width: width)
    let bytes = coded.serialized()
    for place in 0..<(try headByteCount(coded)) {
      var damaged = bytes
      damaged[place] ^= 0xA5
      let file = try FileStructure(recovering: damaged)
      #expect(file.header == coded.header && file.levelMap == coded.levelMap, "byte \(place)")
      #expect(file.layout.order == order)
      for (segment, data) in zip(file.layout.segments, coded.segments) {
        #expect(try Array(file.data(of: segment)) == data, "byte \(place)")
      }
    }
  }

  /// Without the copy the same goes for all but header and level map, whose loss is an error.
  @Test func headerAndLevelMapAreNeeded() throws {
    let coded = Self.sample(copy: false)
    let bytes = coded.serialized()
    let structure = try FileStructure(parsing: bytes)
    let headCount = try headByteCount(coded)
    let indexHead = 1 + 2 + (structure.layout.byteCount >= 1 << 14 ? 1 : 0)
    let mapBytes = 1 + 2 + structure.levelMapByteCount + 4
    let map = headCount - indexHead - mapBytes..<headCount - indexHead
    var refused = 0
    for place in 9..<headCount {
      var damaged = bytes
      damaged[place] ^= 0x11
      do throws(BitstreamError) {
        let file = try FileStructure(recovering: damaged)
        #expect(!map.contains(place) && file.levelMap == coded.levelMap, "byte \(place)")
        #expect(file.layout.segments.allSatisfy(file.isIntact))
      } catch {
        refused += 1
        #expect(map.contains(place) || place < 40, "byte \(place)")
      }
    }
    #expect(refused >= structure.levelMapByteCount)
  }

  @Test(arguments: CodeOrder.allCases)
  func truncatedFilesKeepWhatIsThere(_ order: CodeOrder) throws {
    let coded = Self.sample(order, copy: false)
    let bytes = coded.serialized()
    let head = try headByteCount(coded)
    var last = 0
    for count in stride(from: head, through: bytes.count, by: 97) {
      let file = try FileStructure(recovering: Array(bytes.prefix(count)))
      let intact = file.layout.segments.count(where: file.isIntact)
      #expect(intact >= last)
      last = intact
    }
    let whole = try FileStructure(recovering: bytes)
    #expect(whole.layout.segments.allSatisfy(whole.isIntact))
  }

  @Test func damagedChunksAreLeftOut() throws {
    let coded = Self.sample()
    let bytes = coded.serialized()
    // In the payload of Exif, which is the first chunk.
    var damaged = bytes
    damaged[60] ^= 1
    let file = try FileStructure(recovering: damaged)
    #expect(file.ancillary(Chunk.exif) == nil && file.problems.count == 1)
    #expect(file.layout.segments.allSatisfy(file.isIntact))
  }

  @Test func copiesMustAgree() throws {
    let (first, second) = (Self.sample(), makeCoded(width: 320, height: 300, hasHeadCopy: true))
    let foreign = second.serialized().suffix(
      second.serialized().count - makeCoded(width: 320, height: 300).serialized().count)
    let own = first.serialized()
    let plain = Self.sample(copy: false).serialized()
    #expect(throws: Never.self) { try FileStructure(parsing: own) }
    #expect(throws: BitstreamError.self) { try FileStructure(parsing: plain + foreign) }
    #expect(throws: BitstreamError.self) {
      try FileStructure(parsing: own + own.suffix(own.count - plain.count))
    }
  }

  /// Header and copy are both whole and say different sizes: the copy's map does not fit.
  @Test func aCopyOfAnotherPictureIsNotUsed() throws {
    let own = makeCoded(width: 320, height: 300).serialized()
    let other = makeCoded(width: 40, height: 30, hasHeadCopy: true).serialized()
    let plain = makeCoded(width: 40, height: 30).serialized()
    // The header's 29 bytes, no level map, the other's copy.
    let head = try FileStructure.signature.count + 1 + 1 + Int(#require(own.dropFirst(9).first)) + 4
    #expect(throws: BitstreamError.self) {
      try FileStructure(recovering: Array(own[..<head] + other[plain.count...]))
    }
  }

  @Test func garbageNeverTraps() {
    var generator = RepeatableGenerator(state: 5)
    let valid = Self.sample(.phases).serialized()
    for _ in 0..<600 {
      var bytes = valid
      for _ in 0..<Int.random(in: 1...40, using: &generator) {
        bytes[Int.random(in: 0..<bytes.count, using: &generator)] =
          UInt8.random(in: 0...255, using: &generator)
      }
      bytes.removeLast(Int.random(in: 0..<bytes.count, using: &generator))
      do throws(BitstreamError) {
        let file = try FileStructure(recovering: bytes)
        for segment in file.layout.segments { _ = file.uncheckedData(of: segment) }
        _ = try? file.alpha()
      } catch {
        #expect(!error.description.isEmpty)
      }
    }
  }

  /// Millions of chunks that look like level maps and are none: the search passes over each of them once.
  @Test(.timeLimit(.minutes(1))) func searchingIsNotQuadratic() throws {
    let coded = Self.sample(copy: false)
    let whole = coded.serialized()
    let header = try Self.headByteCount(whole)
    // A level map whose rate table ends too early, its checksum right.
    var chunk: [UInt8] = [Chunk.levelMap, 1, 255]
    let checksum = CRC32.of(chunk[...])
    chunk += [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: checksum >> $0) }
    var bytes = Array(whole[..<header])
    for _ in 0..<(8 << 20) / chunk.count { bytes += chunk }
    #expect(throws: BitstreamError.self) { try FileStructure(recovering: bytes) }
  }

  /// Level maps of a large picture that cost much to decode, take few bytes and are wrong in the end.
  @Test(.timeLimit(.minutes(1)), arguments: [0, 1])
  func levelMapsThatCostMuchAreTriedAFewTimes(error: UInt32) throws {
    let header = Header(
      width: 16_384, height: 16_384, colorType: .rgb, tileExponent: 6, stateBits: 12, seed: 0,
      modelIdentifier: Array(repeating: 1, count: 8))
    var bytes = FileStructure.signature
    let start = bytes.count
    bytes.append(FileStructure.version)
    bytes.appendVarint(UInt64(header.payload.count))
    bytes += header.payload
    bytes.appendWord(CRC32.of(bytes[start...]))
    // 255 blocks without bytes, and one that ends in a zero or has another checksum.
    var chunk = IndexedChunk.head(
      type: Chunk.levelMap, index: [0] + Array(repeating: 0, count: 255) + [1], partBytes: 5,
      isDivided: true)
    chunk.appendWord(CRC32.of([0]) ^ error)
    chunk.append(0)
    for _ in 0..<(1 << 20) / chunk.count { bytes += chunk }
    #expect(throws: BitstreamError.self) { try FileStructure(recovering: bytes) }
  }
}

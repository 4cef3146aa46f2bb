import GQBitstream
import GQMetrics
import GQModel
import Testing

@testable import GQCodec

/// Text, screens and drawings without loss inside a picture, and pictures without loss.
struct GraphicsTests {
  /// A generator of numbers that always gives the same.
  private struct Numbers {
    var state: UInt64
    mutating func next(_ count: Int) -> Int {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return Int(state >> 33) % count
    }
  }

  /// Glyph-like marks of a few colours on a ground; `photograph` fills a rectangle with noise that is smooth.
  static func page(
    width: Int, height: Int, components: Int = 3, photograph: (x: Int, y: Int, side: Int)? = nil
  ) -> Picture {
    var numbers = Numbers(state: 7)
    var samples = [UInt8](repeating: 250, count: width * height * components)
    let glyphs = (0..<12).map { _ in (0..<70).map { _ in numbers.next(2) == 0 } }
    for top in stride(from: 4, to: height - 10, by: 14) {
      for left in stride(from: 4, to: width - 8, by: 9) {
        let glyph = glyphs[numbers.next(12)]
        for k in 0..<70 where glyph[k] {
          let place = ((top + k / 7) * width + left + k % 7) * components
          for c in 0..<components { samples[place + c] = c == 2 ? 90 : 20 }
        }
      }
    }
    if let photograph {
      for y in photograph.y..<photograph.y + photograph.side {
        for x in photograph.x..<photograph.x + photograph.side {
          for c in 0..<components {
            let wave = (x * (3 + c) + y * 5) % 255
            samples[(y * width + x) * components + c] = UInt8(
              min(255, max(0, 60 + wave / 2 + numbers.next(40))))
          }
        }
      }
    }
    return Picture(
      width: width, height: height, colorType: components == 3 ? .rgb : .grey, samples: samples)
  }

  private func encode(
    _ picture: Picture, _ options: EncodingOptions = EncodingOptions()
  ) throws -> [UInt8] { try makeEncoder().encode(picture, options: options).bytes }

  @Test(arguments: [1, 3])
  func textComesBackExactly(components: Int) throws {
    let picture = Self.page(width: 330, height: 210, components: components)
    let bytes = try encode(picture)
    #expect(try makeDecoder().decode(bytes).samples == picture.samples)
    let without = try encode(picture, EncodingOptions(graphics: .off))
    #expect(bytes.count < without.count / 2)
    #expect(try FileStructure(parsing: without).graphicsMask == nil)
  }

  @Test func aCopyOfTheHeadHoldsTheMask() throws {
    let picture = Self.page(width: 448, height: 320, photograph: (x: 200, y: 96, side: 160))
    let bytes = try encode(picture, EncodingOptions(copiesHead: true))
    let decoded = try makeDecoder().decode(bytes)
    let unit = try FileStructure(parsing: bytes).graphicsUnit(0)
    // The checksum of the unit, that of mask and lengths, lengths, mask; then the chunk's length and type.
    for distance in [5, 9, 10, 14] {
      var damaged = bytes
      damaged[unit.startIndex - distance] ^= 0x55
      #expect(throws: BitstreamError.self) { try makeDecoder().decode(damaged) }
      let recovery = try makeDecoder().recover(damaged)
      #expect(recovery.picture == decoded, "\(distance) bytes before the unit")
      #expect(!recovery.isIntact)
    }
    // Byte targets count the copy.
    let allowed = bytes.count + 3
    let limited = try encode(picture, EncodingOptions(target: .bytes(allowed), copiesHead: true))
    #expect(limited.count <= allowed)
  }

  /// The smallest bitstreams have fewer bytes than libwebp takes without a container.
  @Test func tinyPicturesAreExactAndSmall() throws {
    for (width, height) in [(1, 1), (1, 2), (2, 1), (3, 3), (5, 7), (16, 16)] {
      var samples: [UInt8] = []
      for y in 0..<height {
        for x in 0..<width {
          samples += [UInt8(x * 255 / width), UInt8(y * 255 / height), 100]
        }
      }
      let picture = Picture(width: width, height: height, colorType: .rgb, samples: samples)
      let flat = Picture(
        width: width, height: height, colorType: .rgb,
        samples: Array(repeating: 200, count: samples.count))
      for picture in [picture, flat] {
        let bytes = try encode(picture, EncodingOptions(isLossless: true))
        #expect(try makeDecoder().decode(bytes).samples == picture.samples)
      }
      // A PNG file of 3 x 3 pixels has 85 bytes.
      if width == 3 { #expect(try encode(picture).count < 85) }
    }
  }

  /// Rows that repeat take next to nothing without loss.
  @Test func rampsAreExactAndSmall() throws {
    let (width, height) = (480, 320)
    let row: [UInt8] = (0..<width).flatMap { x -> [UInt8] in
      [UInt8(x * 255 / width), UInt8(255 - x / 2), 90]
    }
    let picture = Picture(
      width: width, height: height, colorType: .rgb,
      samples: (0..<height).flatMap { _ -> [UInt8] in row })
    let bytes = try encode(picture)
    #expect(bytes.count < 1500)
    #expect(try makeDecoder().decode(bytes).samples == picture.samples)
  }

  /// Soft shadows between cards are not left to the network, around which borders would send bits.
  @Test func areasBetweenGraphicsAreExactWhereThatIsSmaller() throws {
    var picture = Self.page(width: 480, height: 352)
    var samples = picture.samples
    for y in 0..<352 {
      for x in 96..<104 {
        for c in 0..<3 {
          // Of many colours: lighter from top to bottom and from left to right.
          samples[(y * 480 + x) * 3 + c] = UInt8(60 + (x - 96) * 8 + y / 4 + c * 11 * (y % 2))
        }
      }
    }
    picture = Picture(width: 480, height: 352, colorType: .rgb, samples: samples)
    let bytes = try encode(picture, EncodingOptions(target: .quality(90)))
    let lossless = try encode(picture, EncodingOptions(isLossless: true))
    #expect(bytes.count <= lossless.count * 11 / 10)
  }

  @Test func textBesideAPhotographIsExactAndThePhotographIsNot() throws {
    let picture = Self.page(width: 448, height: 320, photograph: (x: 200, y: 96, side: 160))
    let bytes = try encode(picture)
    let file = try FileStructure(parsing: bytes)
    let mask = try #require(file.graphicsMask)
    #expect(mask.contains(true) && mask.contains(false))
    let decoded = try makeDecoder().decode(bytes)
    for (position, isSet) in mask.enumerated() where isSet {
      let (row, column) = position.quotientAndRemainder(dividingBy: file.header.columns)
      for y in row * 16..<row * 16 + 16 {
        let run = (y * 448 + column * 16) * 3..<(y * 448 + column * 16 + 16) * 3
        #expect(decoded.samples[run] == picture.samples[run], "position \(position)")
      }
    }
    // A region is that of the whole, on both sides of the border.
    let region = PixelRegion(x: 150, y: 70, width: 131, height: 97)
    #expect(
      try makeDecoder().decode(bytes, region: region).samples
        == decoded.cropped(x: 150, y: 70, width: 131, height: 97).samples)
  }

  @Test func photographsHaveNoGraphics() throws {
    for name in ["sample.png", "chelsea.png", "camera.png"] {
      let picture = try samplePicture(name)
      #expect(try encode(picture) == encode(picture, EncodingOptions(graphics: .off)), "\(name)")
    }
  }

  @Test func budgetsHoldWithGraphics() throws {
    let picture = Self.page(width: 448, height: 320, photograph: (x: 200, y: 96, side: 160))
    for size in [500, 2000, 6000, 12_000, 30_000] {
      let bytes = try encode(picture, EncodingOptions(target: .bytes(size)))
      #expect(bytes.count <= size)
      _ = try makeDecoder().decode(bytes)
    }
  }

  @Test(arguments: [(1, 1), (3, 3), (16, 16), (17, 5), (200, 130), (1030, 40), (40, 1030)])
  func losslessIsExact(width: Int, height: Int) throws {
    for components in [1, 3] {
      var numbers = Numbers(state: UInt64(width * 7 + components))
      let samples = (0..<width * height * components).map { k in
        UInt8((k / 5 + numbers.next(9)) & 255)
      }
      let alpha = (0..<width * height).map { UInt8($0 % 3 == 0 ? 0 : $0 & 255) }
      let picture = Picture(
        width: width, height: height, colorType: components == 3 ? .rgb : .grey, samples: samples,
        alpha: alpha)
      let bytes = try encode(picture, EncodingOptions(isLossless: true))
      let encoder = LosslessEncoder(pool: WorkerPool(threadCount: 1))
      #expect(
        try encoder.encode(picture, options: EncodingOptions(isLossless: true)).bytes == bytes)
      let decoded = try GQDecoder(network: nil).decode(bytes)
      #expect(decoded.samples == samples)
      #expect(decoded.alpha == alpha)
      #expect(try makeDecoder().decode(bytes) == decoded)
      for order in CodeOrder.allCases {
        let other = try encode(
          picture, EncodingOptions(isLossless: true, order: order, copiesHead: true))
        #expect(try makeDecoder().decode(other).samples == samples)
      }
    }
  }

  @Test func picturesOfGraphicsAloneNeedNoModel() throws {
    let picture = Self.page(width: 448, height: 320)
    let bytes = try encode(picture)
    #expect(try !FileStructure(parsing: bytes).header.needsModel)
    let decoder = GQDecoder(network: nil)
    #expect(try decoder.decode(bytes) == picture)
    let region = PixelRegion(x: 150, y: 70, width: 131, height: 97)
    #expect(
      try decoder.decode(bytes, region: region)
        == picture.cropped(x: 150, y: 70, width: 131, height: 97))
    #expect(try decoder.ranges(of: region, .codes, in: bytes).isEmpty)
    #expect(try decoder.recover(bytes).picture == picture)
    #expect(try decoder.recover(bytes).untouchedShare == 1)
    #expect(try GQDecoder.file(ofTokens: decoder.tokens(of: bytes)) == bytes)
    // Others say that they do.
    let photograph = try encode(samplePicture("sample.png"))
    #expect(throws: ModelError.self) { try decoder.decode(photograph) }
  }

  @Test func filesWithoutAModelThatNeedOneAreRefused() throws {
    let picture = Self.page(width: 448, height: 320)
    let coded = try CodedPicture(parsing: encode(picture, EncodingOptions(isLossless: true)))
    let graphics = try #require(coded.graphics)
    func refused(
      _ rateTable: RateTable = .withoutCodes, mask: [Bool]? = nil, hasLayer: Bool = true
    ) throws {
      let layer =
        hasLayer
        ? GraphicsLayer(
          header: coded.header, mask: mask ?? graphics.mask, units: graphics.units) : nil
      let bytes = CodedPicture(
        header: coded.header, rateTable: rateTable, levelMap: coded.levelMap, graphics: layer,
        order: coded.order, segments: coded.segments, hasHeadCopy: true
      ).serialized()
      #expect(throws: BitstreamError.self) { try GQDecoder(network: nil).decode(bytes) }
      #expect(throws: BitstreamError.self) { try makeDecoder().decode(bytes) }
      _ = try? GQDecoder(network: nil).recover(bytes)
    }
    var mask = graphics.mask
    mask[5] = false
    try refused(mask: mask)
    try refused(hasLayer: false)
    try refused(RateTable.standard[0])
  }

  @Test func losslessKeepsWithinItsLimitOrSaysSo() throws {
    let picture = Self.page(width: 200, height: 100)
    let exact = try encode(picture, EncodingOptions(isLossless: true))
    let allowed = EncodingOptions(target: .bytes(exact.count), isLossless: true)
    #expect(try encode(picture, allowed) == exact)
    #expect(
      throws: CodecError.targetTooSmall(
        allowedBytes: exact.count - 1, smallestBytes: exact.count)
    ) {
      try encode(picture, EncodingOptions(target: .bytes(exact.count - 1), isLossless: true))
    }
  }

  @Test(arguments: [(1, 1), (2, 1), (3, 3), (16, 16), (15, 17)])
  func tinyPicturesAreExact(width: Int, height: Int) throws {
    var numbers = Numbers(state: 3)
    let samples = (0..<width * height * 3).map { _ in UInt8(numbers.next(4) * 80) }
    let picture = Picture(width: width, height: height, colorType: .rgb, samples: samples)
    #expect(try makeDecoder().decode(encode(picture)).samples == samples)
  }

  @Test func damageStaysInAUnit() throws {
    let picture = Self.page(width: 1200, height: 48)
    let bytes = try encode(picture, EncodingOptions(isLossless: true))
    let file = try FileStructure(parsing: bytes)
    #expect(file.graphicsPlaces.count == 2)
    let unit = try file.graphicsUnit(1)
    var damaged = bytes
    damaged[unit.startIndex + 40] ^= 1
    #expect(throws: BitstreamError.self) { try makeDecoder().decode(damaged) }
    // A region of the other unit does not look at it.
    let region = PixelRegion(x: 0, y: 0, width: 1000, height: 48)
    #expect(
      try makeDecoder().decode(damaged, region: region).samples
        == picture.cropped(x: 0, y: 0, width: 1000, height: 48).samples)
    let recovery = try makeDecoder().recover(damaged)
    #expect(!recovery.isIntact && recovery.problems.count == 1)
    // 64 of 75 columns are whole; in place of the others is grey.
    #expect(recovery.untouchedShare == 64.0 / 75)
    #expect(
      recovery.picture.cropped(x: 1024, y: 0, width: 176, height: 48).samples.allSatisfy {
        $0 == 128
      })
    #expect(
      recovery.picture.cropped(x: 0, y: 0, width: 1024, height: 48).samples
        == picture.cropped(x: 0, y: 0, width: 1024, height: 48).samples)
  }

  @Test func everyDamagedByteIsNoticedOrHarmless() throws {
    let picture = Self.page(width: 96, height: 64)
    let bytes = try encode(picture, EncodingOptions(isLossless: true))
    for place in bytes.indices {
      var damaged = bytes
      damaged[place] ^= 0x40
      #expect(throws: (any Error).self, "byte \(place)") { try makeDecoder().decode(damaged) }
      _ = try? makeDecoder().recover(damaged)
    }
    for count in bytes.indices {
      #expect(throws: (any Error).self) { try makeDecoder().decode(Array(bytes.prefix(count))) }
      _ = try? makeDecoder().recover(Array(bytes.prefix(count)))
    }
  }

  /// Units whose checksums are right and whose bytes are not those of a unit of its size.
  @Test func unitsThatAreNoPixelsAreRefused() throws {
    let picture = Self.page(width: 96, height: 64)
    let coded = try CodedPicture(parsing: encode(picture, EncodingOptions(isLossless: true)))
    let graphics = try #require(coded.graphics)
    let other = try #require(VP8L.encode([1, 2, 3], width: 1, height: 1, effort: 1))
    let whole = try #require(VP8L.encode(picture.samples, width: 96, height: 64, effort: 5))
    let junk = [UInt8](repeating: 7, count: 999)
    let unit = graphics.units[0]
    #expect(unit.first == ContextCodedPixels.signature)
    func file(_ unit: [UInt8]) -> [UInt8] {
      CodedPicture(
        header: coded.header, rateTable: coded.rateTable, levelMap: coded.levelMap,
        graphics: GraphicsLayer(header: coded.header, mask: graphics.mask, units: [unit]),
        order: coded.order, segments: coded.segments
      ).serialized()
    }
    for unit in [
      [], [0x2F], other, Array(whole.dropLast(20)), junk, unit + [0], unit + [5, 6, 7, 8, 9],
    ] {
      #expect(throws: BitstreamError.self) { try makeDecoder().decode(file(unit)) }
    }
    // Either coding is right for any unit.
    #expect(try makeDecoder().decode(file(whole)) == picture)
    #expect(try makeDecoder().decode(file(unit)) == picture)
    // What is missing at the end is zeros.
    _ = try makeDecoder().decode(file(Array(unit.dropLast(20))))
  }

  /// The coding that takes fewer bytes: contexts for text, VP8L for photographs.
  @Test func eachUnitIsCodedInTheBetterWay() throws {
    func unit(_ picture: Picture) throws -> [UInt8] {
      let bytes = try encode(picture, EncodingOptions(isLossless: true))
      #expect(try GQDecoder(network: nil).decode(bytes) == picture)
      return Array(try FileStructure(parsing: bytes).graphicsUnit(0))
    }
    let page = Self.page(width: 330, height: 210)
    let text = try unit(page)
    #expect(text.first == ContextCodedPixels.signature)
    let other = try #require(VP8L.encode(page.samples, width: 330, height: 210, effort: 5))
    #expect(text.count < other.count * 3 / 4)
    #expect(try unit(samplePicture("sample.png")).first == 0x2F)
  }

  /// Glyphs of more colours than a position of graphics usually has, as with colours of subpixels: they come again.
  @Test(arguments: [30.0, 75, 90])
  func glyphsOfManyColoursAreExact(quality: Double) throws {
    let (width, height) = (416, 288)
    var samples = [UInt8](repeating: 250, count: width * height * 3)
    for (number, top) in stride(from: 8, to: height - 16, by: 19).enumerated() {
      for (place, left) in stride(from: 7, to: width - 16, by: 13).enumerated() {
        let glyph = (number * 7 + place * place) % 9
        for y in 0..<15 {
          for x in 0..<12 {
            let value = UInt32(glyph * 180 + y * 12 + x) &* 0x9E37_79B1
            for c in 0..<3 {
              samples[((top + y) * width + left + x) * 3 + c] = UInt8(
                value >> (8 * UInt32(c)) & 255)
            }
          }
        }
      }
    }
    let picture = Picture(width: width, height: height, colorType: .rgb, samples: samples)
    let bytes = try encode(picture, EncodingOptions(target: .quality(quality)))
    #expect(try makeDecoder().decode(bytes) == picture)
    #expect(
      bytes.count <= (try encode(picture, EncodingOptions(isLossless: true)).count))
  }

  /// The edge of large smoothed letters has many shades, hardly one of them twice, as a photograph's edge has; but these are blends.
  @Test(arguments: [true, false])
  func lettersAreNoPhotographs(areBlends: Bool) throws {
    let (ground, ink): (SIMD3<Int>, SIMD3<Int>) = (SIMD3(13, 17, 23), SIMD3(230, 233, 240))
    var samples: [UInt8] = []
    for pixel in 0..<256 {
      var colour = ground
      if pixel >= 216 {
        colour = ink
      } else if pixel >= 150 {
        let step = pixel - 150
        colour =
          areBlends ? ground &+ (ink &- ground) &* step / 66 : SIMD3(step * 3, 200 - step * 2, 40)
      }
      for c in 0..<3 { samples.append(UInt8(colour[c])) }
    }
    let header = Header(
      width: 16, height: 16, colorType: .rgb, tuning: 0, stateBits: 12, seed: 0,
      modelIdentifier: network.identifier)
    var candidates = GraphicsCandidates(header: header, pool: network.pool)
    candidates.push(samples, components: 3)
    #expect(candidates.mask == [true] && candidates.isMixed == [!areBlends])
  }

  /// A coded picture some of whose graphics the network is said to see.
  static func seeing(_ coded: CodedPicture, _ graphics: GraphicsLayer) -> CodedPicture {
    var outside = graphics.outside
    for place in outside.indices where place % 7 < 3 { outside[place] = false }
    return CodedPicture(
      header: coded.header, rateTable: coded.rateTable, levelMap: coded.levelMap,
      graphics: GraphicsLayer(
        header: coded.header, mask: graphics.mask, outside: outside, units: graphics.units),
      order: coded.order, segments: coded.segments)
  }

  /// Positions that the network codes as well, though their pixels are replaced, are told from those that it does not see.
  @Test func positionsAreSeenOrNot() throws {
    let picture = Self.page(width: 448, height: 320, photograph: (x: 200, y: 96, side: 160))
    let bytes = try encode(picture)
    let coded = try CodedPicture(parsing: bytes)
    let graphics = try #require(coded.graphics)
    #expect(graphics.outside.contains(true))
    let other = Self.seeing(coded, graphics)
    let parsed = try CodedPicture(parsing: other.serialized())
    #expect(
      parsed.graphics?.outside == other.graphics?.outside && parsed.graphics?.mask == graphics.mask)
    let tokens = try PictureTokens(parsed, table: network.levels)
    let (array, description) = try tokens.numPy()
    #expect(
      try PictureTokens(numPy: array, description: description).serializedPicture()
        == other.serialized())
    // The network's pixels beside them are others then.
    #expect(try makeDecoder().decode(other.serialized()) != makeDecoder().decode(bytes))
  }

  @Test func tokensCarryTheLayer() throws {
    let picture = Self.page(width: 448, height: 320, photograph: (x: 200, y: 96, side: 160))
    let bytes = try encode(picture)
    let tokens = try PictureTokens(CodedPicture(parsing: bytes), table: network.levels)
    #expect(try PictureTokens(safetensors: tokens.safetensors()).serializedPicture() == bytes)
    let (array, description) = try tokens.numPy()
    #expect(
      try PictureTokens(numPy: array, description: description).serializedPicture() == bytes)
  }

  @Test func rowsFromASourceGiveTheSameFile() throws {
    let picture = Self.page(width: 448, height: 320, photograph: (x: 200, y: 96, side: 160))
    #expect(
      try makeEncoder().encode(PictureRows(picture: picture)).bytes == encode(picture))
  }
}

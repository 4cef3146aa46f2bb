import GQBitstream
import GQCodec
import GQModel
import GQPixelIO
import Testing

@testable import GQCodec

/// Pictures that come and go row by row, and parts of pictures: nothing may differ from the whole.
@Suite struct StreamTests {
  /// Several bands of one row of tiles each, the last of them cut.
  static func tall() throws -> Picture {
    let picture = try samplePicture("sample.png").cropped(x: 3, y: 5, width: 180, height: 250)
    return Picture(
      width: picture.width, height: 5 * picture.height + 67, colorType: .rgb,
      samples: Array(
        repeatElement(picture.samples, count: 6).joined()
          .prefix((5 * picture.height + 67) * picture.width * 3)))
  }

  /// Gives its rows in other portions than it is asked for.
  struct Unsteady: PictureSource {
    let picture: Picture
    var width: Int { picture.width }
    var height: Int { picture.height }
    var colorType: Picture.ColorType { picture.colorType }
    var metadata: PictureMetadata { picture.metadata }

    func forEachRows(_ count: Int, _ body: ([UInt8]) throws -> Void) throws {
      let length = width * colorType.componentCount
      var row = 0
      for portion in [1, 15, 2, 16, 33, 47, 100, 9, Int.max] {
        let end = min(height, row &+ min(portion, height - row))
        if end > row { try body(Array(picture.samples[row * length..<end * length])) }
        row = end
      }
    }
  }

  /// With all positions around it outside, the network knows of a photograph on a page what it knows of the photograph alone.
  @Test func outsideIsAsBeyondTheEdges() throws {
    let network = network
    let (page, inner, side) = (12, 7, 16)
    let photograph = try samplePicture("sample.png").cropped(
      x: 40, y: 40, width: inner * side, height: inner * side)
    // Phases go by the parity of rows and columns.
    let (top, left) = (2, 4)
    var samples = (0..<page * page * side * side * 3).map { UInt8(truncatingIfNeeded: $0 * $0) }
    for row in 0..<inner * side {
      let start = ((top * side + row) * page + left) * side * 3
      let from = row * inner * side * 3
      samples.replaceSubrange(
        start..<start + inner * side * 3,
        with: photograph.samples[from..<from + inner * side * 3])
    }
    let whole = Picture(
      width: page * side, height: page * side, colorType: .rgb, samples: samples)
    func isInside(_ position: Int) -> Bool {
      let (row, column) = position.quotientAndRemainder(dividingBy: page)
      return (top..<top + inner).contains(row) && (left..<left + inner).contains(column)
    }
    let places = (0..<page * page).filter(isInside)
    let outside = try #require(
      OutsidePositions((0..<page * page).map { !isInside($0) }, columns: page))
    let levels = (0..<inner * inner).map { UInt8($0 * 5 % network.levels.levelCount) }
    var pageLevels = [UInt8](repeating: 0, count: page * page)
    for (place, level) in zip(places, levels) { pageLevels[place] = level }

    func coded(
      _ picture: Picture, _ rows: Int, _ levels: [UInt8], _ outside: OutsidePositions?
    ) throws -> (latents: Tensor, decoded: Tensor, pixels: Tensor) {
      let latents = try network.latents(
        try network.features(picture.networkInput(network.pool), outside: outside), levels: levels,
        outside: outside)
      let source = TensorRows(latents)
      let decoded = network.decodedLatents(
        rows: rows, columns: rows, levels: levels, outside: outside
      ) { network.normalized(network.coefficients(of: source, $0), $0) }
      return (latents, decoded, try network.pixels(decoded, levels: levels, outside: outside))
    }
    let alone = try coded(photograph, inner, levels, nil)
    let onPage = try coded(whole, page, pageLevels, outside)
    for (number, place) in places.enumerated() {
      for (one, other) in [(alone.latents, onPage.latents), (alone.decoded, onPage.decoded)] {
        let channels = one.channels
        #expect(
          one.values[number * channels..<(number + 1) * channels]
            == other.values[place * channels..<(place + 1) * channels])
      }
    }
    let length = inner * side * 3
    for row in 0..<inner * side {
      let start = ((top * side + row) * page + left) * side * 3
      #expect(
        alone.pixels.values[row * length..<(row + 1) * length]
          == onPage.pixels.values[start..<start + length])
    }
  }

  @Test func portionsDoNotChangeFiles() throws {
    let encoder = makeEncoder()
    let picture = try Self.tall()
    for order in CodeOrder.allCases {
      let options = EncodingOptions(target: .bitsPerPixel(0.4), order: order)
      let attachments = try Attachments(picture.metadata)
      let whole = try encoder.encode(
        Unsteady(picture: picture), attachments, options, heldPositions: .max / 2,
        bandPositions: 1 << 20)
      let parts = try encoder.encode(
        Unsteady(picture: picture), attachments, options, heldPositions: 0, bandPositions: 1)
      let isEqual = whole.bytes == parts.bytes
      #expect(isEqual, "\(order)")
      let plain = try encoder.encode(picture, options: options).bytes == whole.bytes
      #expect(plain, "\(order)")
    }
  }

  @Test func bandsDoNotChangePixels() throws {
    let picture = try Self.tall()
    for order in CodeOrder.allCases {
      let bytes = try GQEncoder(network: network).encode(
        picture, options: EncodingOptions(target: .bitsPerPixel(0.4), order: order)
      ).bytes
      var decoding = try GQDecoder(network: network).open(bytes)
      decoding.bandPositions = 1 << 20
      let whole = try decoding.picture()
      decoding.bandPositions = 1
      var rowCounts: [Int] = []
      var samples: [UInt8] = []
      try decoding.forEachRows { rows in
        rowCounts.append(rows.count / (picture.width * 3))
        samples += rows
      }
      let isEqual = samples == whole.samples
      #expect(isEqual, "\(order)")
      #expect(rowCounts.reduce(0, +) == picture.height && rowCounts.count > 3)
    }
  }

  @Test(arguments: CodeOrder.allCases)
  func regionsAreCrops(_ order: CodeOrder) throws {
    let picture = try Self.tall()
    let bytes = try GQEncoder(network: network).encode(
      picture,
      options: EncodingOptions(target: .bitsPerPixel(0.4), order: order)
    ).bytes
    let decoder = GQDecoder(network: network)
    let whole = try decoder.decode(bytes)
    for (x, y, width, height) in [
      (0, 0, 1, 1), (179, 1316, 1, 1), (0, 0, 180, 16), (17, 633, 100, 80), (0, 300, 180, 300),
      (90, 1100, 90, 217), (0, 0, 180, 1317),
    ] {
      let region = PixelRegion(x: x, y: y, width: width, height: height)
      let part = try decoder.decode(bytes, region: region)
      let crop = whole.cropped(x: x, y: y, width: width, height: height)
      let isEqual = part == crop
      #expect(isEqual, "\(region)")
    }
  }

  /// With the codes that a region needs and none of the others the region is that of the whole picture. Later phases are
  /// needed of fewer positions, so a progressive file needs less.
  @Test func rangesOfARegionAreEnough() throws {
    let picture = try Self.tall()
    let decoder = GQDecoder(network: network)
    let all = PixelRegion(x: 0, y: 0, width: picture.width, height: picture.height)
    let region = PixelRegion(x: 17, y: 633, width: 100, height: 80)
    var counts: [CodeOrder: Int] = [:]
    for order in CodeOrder.allCases {
      let bytes = try GQEncoder(network: network).encode(
        picture, options: EncodingOptions(target: .bitsPerPixel(0.4), order: order)
      ).bytes
      var fetched = bytes
      for range in try decoder.ranges(of: all, .codes, in: bytes) {
        fetched.replaceSubrange(range, with: repeatElement(0, count: range.count))
      }
      let ranges = try decoder.ranges(of: region, .codes, in: bytes)
      for range in ranges { fetched.replaceSubrange(range, with: bytes[range]) }
      let isEqual =
        try decoder.decode(fetched, region: region) == decoder.decode(bytes, region: region)
      #expect(isEqual, "\(order)")
      counts[order] = ranges.reduce(0) { $0 + $1.count }
    }
    let (tiles, phases) = try (#require(counts[.tiles]), #require(counts[.phases]))
    #expect(phases < tiles)
  }

  /// The same of a divided picture of which only indices are there at first: then blocks of the level map and units of graphics,
  /// then codes.
  @Test func rangesOfARegionOfADividedPictureAreEnough() throws {
    let (width, height) = (2200, 1100)
    var samples: [UInt8] = []
    for y in 0..<height {
      for x in 0..<width {
        // Noise of few colours is graphics, the waves beside it are not.
        let isGraphics = x / 550 % 2 == 1
        for c in 0..<3 {
          samples.append(
            isGraphics
              ? ((x / 4 * 7919 + y / 4 * 104_729) >> 3 & 1 == 0 ? 0 : 255)
              : UInt8(truncatingIfNeeded: (x * (c + 1) + y * y / 97) / 3 & 127 + 40))
        }
      }
    }
    let picture = Picture(width: width, height: height, colorType: .rgb, samples: samples)
    let bytes = try GQEncoder(network: network).encode(
      picture, options: EncodingOptions(effort: 1)
    ).bytes
    let decoder = GQDecoder(network: network)
    let all = PixelRegion(x: 0, y: 0, width: width, height: height)
    let region = PixelRegion(x: 1400, y: 880, width: 300, height: 120)
    var fetched = bytes
    for range in try decoder.ranges(of: all, .codes, in: bytes)
      + decoder.ranges(of: all, .levelsAndGraphics, in: bytes)
    {
      fetched.replaceSubrange(range, with: repeatElement(0, count: range.count))
    }
    var count = fetched.count { $0 != 0 }
    #expect(throws: CodingFailure.self) { try decoder.decode(fetched, region: region) }
    for part in [GQDecoder.RegionPart.levelsAndGraphics, .codes] {
      for range in try decoder.ranges(of: region, part, in: fetched) {
        fetched.replaceSubrange(range, with: bytes[range])
        count += range.count
      }
    }
    let (part, whole) = try (
      decoder.decode(fetched, region: region), decoder.decode(bytes, region: region)
    )
    let isEqual = part == whole
    #expect(isEqual)
    #expect(count < bytes.count / 2)
    #expect(try FileStructure(parsing: bytes).graphicsPlaces.count > 1)
  }

  @Test func regionsHaveAlphaAndGrey() throws {
    let grey = Picture(
      width: 60, height: 300, colorType: .grey,
      samples: (0..<18000).map { UInt8(truncatingIfNeeded: $0 / 60 + $0 % 60) },
      alpha: (0..<18000).map { UInt8(truncatingIfNeeded: $0 / 7) })
    let bytes = try GQEncoder(network: network).encode(grey).bytes
    let decoder = GQDecoder(network: network)
    let whole = try decoder.decode(bytes)
    let part = try decoder.decode(
      bytes, region: PixelRegion(x: 11, y: 200, width: 30, height: 50))
    #expect(part.colorType == .grey)
    for row in 0..<50 {
      let (start, from) = (row * 30, (row + 200) * 60 + 11)
      #expect(part.samples[start..<start + 30] == whole.samples[from..<from + 30])
      #expect(part.alpha?[start..<start + 30] == grey.alpha?[from..<from + 30])
    }
  }

  @Test func damageElsewhereDoesNotMatter() throws {
    let picture = try Self.tall()
    let bytes = try GQEncoder(network: network).encode(
      picture, options: EncodingOptions(target: .bitsPerPixel(0.4))
    ).bytes
    var damaged = bytes
    damaged[bytes.count - 20] ^= 0xFF
    let decoder = GQDecoder(network: network)
    #expect(throws: BitstreamError.self) { try decoder.decode(damaged) }
    let top = PixelRegion(x: 0, y: 0, width: 180, height: 200)
    let isEqual = try decoder.decode(damaged, region: top) == decoder.decode(bytes, region: top)
    #expect(isEqual)
  }

  @Test(arguments: [
    (-1, 0, 1, 1), (0, 0, 0, 1), (0, 0, 1, 0), (60, 0, 1, 1), (0, 40, 1, 1), (59, 0, 2, 1),
    (0, 0, Int.max, 1), (1, 1, Int.max, Int.max), (Int.max, 0, 1, 1), (Int.min, 0, 1, 1),
  ])
  func regionsOutsideAreRefused(_ x: Int, _ y: Int, _ width: Int, _ height: Int) throws {
    let bytes = try GQEncoder(network: network).encode(
      Picture(
        width: 60, height: 40, colorType: .grey, samples: Array(repeating: 9, count: 2400))
    ).bytes
    #expect(throws: CodecError.self) {
      try GQDecoder(network: network).decode(
        bytes, region: PixelRegion(x: x, y: y, width: width, height: height))
    }
  }
}

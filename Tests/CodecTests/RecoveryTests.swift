import GQBitstream
import GQMetrics
import GQModel
import Testing

@testable import GQCodec

/// What becomes of damaged files.
struct RecoveryTests {
  /// Eight tiles and a bit in a row.
  static let wide = madeUpPicture(width: 8 * 256 + 40, height: 60)
  /// All latents that a decoder makes of segments.
  static func latents(_ coder: LatentCoder, _ segments: [[UInt8]?]) throws -> Tensor {
    var decoding = try LatentCoder.Decoding(coder, segments, conceals: true)
    var parts: [Tensor] = []
    while let part = try decoding.next() { parts.append(part) }
    return Tensor(
      joining: parts, columns: coder.grid.columns,
      channels: coder.network.configuration.latents)
  }

  static let tiny: Network = {
    guard let network = try? makeTinyNetwork() else { fatalError("the tiny model does not load") }
    return network
  }()

  private static func encoded(
    _ picture: Picture, _ order: CodeOrder, copiesHead: Bool = false, rate: Double = 0.3
  ) throws -> [UInt8] {
    try GQEncoder(network: tiny).encode(
      picture,
      options: EncodingOptions(
        target: .bitsPerPixel(rate), effort: 1, order: order, copiesHead: copiesHead)
    ).bytes
  }

  /// A file with wrong bytes in some segments.
  private func damaging(_ bytes: [UInt8], _ segments: [Int]) throws -> [UInt8] {
    let layout = try FileStructure(parsing: bytes).layout
    var damaged = bytes
    for number in segments {
      let segment = layout.segments[number]
      try #require(segment.byteCount > 6)
      damaged[bytes.count - layout.byteCount + segment.offset + 5] ^= 0x5A
    }
    return damaged
  }

  /// Beyond its reach damage changes nothing, neither in the latents nor in the pixels, to the last bit; within it
  /// it does: the reach is no larger than it must be.
  @Test(
    arguments: [
      (CodeOrder.tiles, [0]), (.tiles, [4]), (.tiles, [0, 8]), (.phases, [0]), (.phases, [13]),
      (.phases, [35]),
    ])
  func damageStaysLocal(_ damage: (CodeOrder, [Int])) throws {
    let network = try makeTinyNetwork(threads: 2)
    let intact = try Self.encoded(Self.wide, damage.0)
    let damaged = try damaging(intact, damage.1)
    let decoder = GQDecoder(network: network)
    #expect(throws: BitstreamError.self) { try decoder.decode(damaged) }
    let (whole, recovered) = (try decoder.decode(intact), try decoder.recover(damaged))
    #expect(recovered.damage.count == damage.1.count && recovered.problems.isEmpty)

    let coded = try CodedPicture(parsing: intact)
    let layout = TileLayout(
      header: coded.header, rateTable: coded.rateTable, levelMap: coded.levelMap, order: coded.order
    )
    let grid = LatentGrid(rows: coded.levelMap.rows, columns: coded.levelMap.columns)
    let isLost = layout.segments.indices.map(damage.1.contains)
    let reach = DamageReach(
      lost: isLost, layout: layout, levels: coded.levelMap.levels, grid: grid, network: network)
    #expect(reach.pixels.contains(false), "the test sees nothing beyond the reach")

    var changedBeyond = 0
    var changedWithin = Set<Int>()
    for y in 0..<whole.height {
      for x in 0..<whole.width {
        let place = (y * whole.width + x) * 3
        let isSame =
          whole.samples[place..<place + 3] == recovered.picture.samples[place..<place + 3]
        let position = y / 16 * grid.columns + x / 16
        if isSame { continue }
        if reach.pixels[position] { changedWithin.insert(position) } else { changedBeyond += 1 }
      }
    }
    #expect(changedBeyond == 0)
    #expect(!changedWithin.isEmpty)
    #expect(
      recovered.untouchedShare
        == Double(reach.pixels.count { !$0 }) / Double(reach.pixels.count))

    let coder = LatentCoder(
      network: network,
      quantizer: try TrellisQuantizer(coded.header, table: network.levels, pool: network.pool),
      header: coded.header, levelMap: coded.levelMap, order: coded.order)
    let first = try Self.latents(coder, coded.segments)
    let second = try Self.latents(
      coder, zip(coded.segments, isLost).map { segment, isLost in isLost ? nil : segment })
    var (same, different) = (0, 0)
    for position in 0..<grid.positionCount {
      let range = position * first.channels..<(position + 1) * first.channels
      let isSame = first.values[range] == second.values[range]
      if !reach.latents[position] {
        #expect(isSame, "position \(position)")
      } else if isSame {
        same += 1
      } else {
        different += 1
      }
    }
    // Positions that send nothing and a few whose difference is rounded away.
    #expect(different > same)
  }

  /// A damaged block of the level map of a divided picture: its tiles are concealed, and pixels beyond the reach are the same.
  @Test(arguments: CodeOrder.allCases)
  func damageOfTheLevelMapStaysInItsBlock(_ order: CodeOrder) throws {
    let network = try makeTinyNetwork(threads: 2)
    let (width, height) = (3200, 48)
    let picture = Picture(
      width: width, height: height, colorType: .rgb,
      samples: (0..<width * height * 3).map { k in
        UInt8(truncatingIfNeeded: k / 3 % width / 5 * (k % 3 + 1) + k / (3 * width) * 7)
      })
    let intact = try GQEncoder(network: network).encode(
      picture,
      options: EncodingOptions(target: .bitsPerPixel(0.5), effort: 1, graphics: .off, order: order)
    ).bytes
    let structure = try FileStructure(parsing: intact)
    #expect(structure.levelMapBlocks.count == 4)
    var damaged = intact
    damaged[structure.levelMapBlocks[1].bytes.lowerBound + 6] ^= 0x40
    let decoder = GQDecoder(network: network)
    #expect(throws: CodingFailure.self) { try decoder.decode(damaged) }
    let recovered = try decoder.recover(damaged)
    let whole = try decoder.decode(intact)
    #expect(recovered.problems.count == 1)
    #expect(recovered.damage.count == 4 * (order == .phases ? 4 : 1))
    #expect(recovered.damage.allSatisfy { (1024..<2048).contains($0.x) })
    #expect(recovered.untouchedShare > 0.4 && recovered.untouchedShare < 0.68)
    var changed = 0
    for k in stride(from: 0, to: whole.samples.count, by: 3) {
      let isSame = whole.samples[k..<k + 3] == recovered.picture.samples[k..<k + 3]
      let x = k / 3 % width
      if !isSame, (1024..<2048).contains(x) { changed += 1 }
      // The model's reach is at most ten positions of 16 pixels, and what is predicted from levels alone two more.
      if !isSame, x < 1024 - 192 || x >= 2048 + 192 { Issue.record("pixel at \(x)") }
    }
    #expect(changed > 1024 * height / 2)
    // Without indices nothing is known of the codes' places.
    damaged[structure.levelMapBlocks[0].bytes.lowerBound - 6] ^= 0xFF
    #expect(throws: CodingFailure.self) { try decoder.recover(damaged) }
  }

  /// The radii of the documentation: the prior's blocks each phase, the decoder's blocks after the last.
  @Test func reachIsWhatTheBlocksSay() throws {
    let grid = LatentGrid(rows: 40, columns: 200)
    let header = Header(
      width: 3200, height: 640, colorType: .rgb, stateBits: 12, seed: 0,
      modelIdentifier: Self.tiny.identifier)
    let levels = [UInt8](repeating: 3, count: grid.positionCount)
    let map = LevelMap(columns: 200, rows: 40, levels: levels)
    let layout = TileLayout(header: header, rateTable: RateTable(Self.tiny.levels), levelMap: map)
    let lost = layout.tiles.indices.map { $0 == 0 }
    let reach = DamageReach(
      lost: lost, layout: layout, levels: levels, grid: grid, network: Self.tiny)
    let c = Self.tiny.configuration
    let columns = (0..<200).filter { reach.pixels[$0] }
    // Latents: three phases; the lattice of a phase has every other column.
    let latentColumns = (0..<200).filter { column in
      (0..<40).contains { reach.latents[$0 * 200 + column] }
    }
    #expect(latentColumns.max().map { $0 > 15 && $0 <= 15 + 3 * c.priorBlocks } ?? false)
    #expect(
      columns.max().map { $0 <= 15 + 3 * c.priorBlocks + c.decoderCoarse + (c.decoderFine + 1) / 2 }
        ?? false)
  }

  @Test func intactFilesAreDecodedAsEver() throws {
    let picture = madeUpPicture(width: 300, height: 200)
    for order in CodeOrder.allCases {
      let bytes = try Self.encoded(picture, order, copiesHead: true)
      let decoder = GQDecoder(network: Self.tiny)
      let recovery = try decoder.recover(bytes)
      #expect(recovery.isIntact && recovery.untouchedShare == 1)
      #expect(try recovery.picture == decoder.decode(bytes))
    }
  }

  /// A wrong bit is better used than its tile concealed.
  @Test func singleWrongBitsCostLittle() throws {
    let picture = madeUpPicture(width: 300, height: 200)
    let bytes = try Self.encoded(picture, .tiles, rate: 0.6)
    let decoder = GQDecoder(network: Self.tiny)
    let whole = try decoder.decode(bytes)
    var damaged = bytes
    damaged[bytes.count - 40] ^= 4
    let concealed = try decoder.recover(damaged)
    let used = try decoder.recover(damaged, options: RecoveryOptions(usesDamagedBits: true))
    #expect(concealed.damage == used.damage && used.damage.count == 1)
    #expect(try PSNR.decibels(whole, used.picture) > PSNR.decibels(whole, concealed.picture))
  }

  /// Cut anywhere a progressive file gives a picture, and with more bytes a better one.
  @Test func truncatedProgressiveFilesShowEverything() throws {
    let picture = try samplePicture("chelsea.png").cropped(x: 40, y: 10, width: 400, height: 280)
    let bytes = try makeEncoder().encode(
      picture, options: EncodingOptions(target: .bitsPerPixel(0.6), effort: 1, order: .phases)
    ).bytes
    var last = 0.0
    for share in [0.3, 0.55, 0.8, 1.0] {
      let part = Array(bytes.prefix(Int(Double(bytes.count) * share)))
      let recovery = try makeDecoder().recover(part)
      let quality = try PSNR.decibels(picture, recovery.picture)
      #expect(quality > last, "\(share) of the bytes")
      #expect(recovery.isIntact == (share == 1))
      last = quality
    }
    #expect(last > 25)
  }

  @Test func progressiveFilesCostLittle() throws {
    let picture = try samplePicture("chelsea.png").cropped(x: 40, y: 10, width: 400, height: 280)
    func quality(_ order: CodeOrder) throws -> Double {
      let options = EncodingOptions(target: .bitsPerPixel(0.5), effort: 1, order: order)
      let bytes = try makeEncoder().encode(picture, options: options).bytes
      #expect(bytes.count <= 400 * 280 / 16)
      return try PSNR.decibels(picture, try makeDecoder().decode(bytes))
    }
    #expect(try quality(.phases) > quality(.tiles) - 0.3)
  }

  @Test func promisesHoldWithTheCopy() throws {
    let picture = madeUpPicture(width: 200, height: 120)
    for size in [700, 1500, 4000] {
      let bytes = try GQEncoder(network: Self.tiny).encode(
        picture,
        options: EncodingOptions(
          target: .bytes(size), effort: 1, order: .phases, copiesHead: true)
      ).bytes
      #expect(bytes.count <= size)
      #expect(try FileStructure(parsing: bytes).hasHeadCopy)
    }
  }

  /// Whatever the damage: a picture of the right size, or an error of the right type.
  @Test(arguments: CodeOrder.allCases)
  func anyDamageIsSurvived(_ order: CodeOrder) throws {
    let picture = madeUpPicture(width: 150, height: 90)
    let bytes = try Self.encoded(picture, order, copiesHead: true, rate: 1)
    let decoder = GQDecoder(network: Self.tiny)
    var state: UInt64 = 9
    func random(below limit: Int) -> Int {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return Int(state >> 33) % limit
    }
    var decoded = 0
    for round in 0..<120 {
      var damaged = bytes
      for _ in 0...random(below: 20) {
        damaged[random(below: bytes.count)] = UInt8(random(below: 256))
      }
      if round % 3 == 0 { damaged.removeLast(random(below: bytes.count)) }
      do {
        let recovery = try decoder.recover(
          damaged, options: RecoveryOptions(usesDamagedBits: round % 2 == 0))
        #expect(recovery.picture.width == 150 && recovery.picture.height == 90)
        decoded += 1
      } catch is BitstreamError {
      } catch is CodecError {
      }
    }
    #expect(decoded > 40)
  }
}

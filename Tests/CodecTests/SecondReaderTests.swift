import GQBitstream
import Foundation
import GaussianQuant
import GQModel
import Testing

@testable import GQCodec

/// The reader in Python that was written from `docs/format.md` alone, on files of the shipped model.
@Suite struct SecondReaderTests {
  struct Report: Decodable {
    struct Graphics: Decodable {
      struct Unit: Decodable {
        /// For each pixel its colour, red the highest byte of three.
        let pixels: [UInt32]?
      }

      let mask: [Int]
      let outside: [Int]
      let units: [Unit]
    }

    /// For each position the trellis's states.
    let values: [[UInt32]]?
    let graphics: Graphics?
  }

  /// What the reader needs to know of a model.
  struct Codes: Encodable {
    let widths: [[[Int]]]
    let groupEnds: [Int]

    init(_ table: CodeTable) {
      widths = table.widths
      groupEnds = table.groupEnds
    }
  }

  static let python = ["/usr/bin/python3", "/usr/local/bin/python3"].first {
    FileManager.default.isExecutableFile(atPath: $0)
  }

  @Test(
    .enabled(if: python != nil, "python3 is not installed"))
  func walksThroughAllCodes() throws {
    // More than one tile each way, and cut ones.
    let picture = try samplePicture("sample.png").cropped(x: 30, y: 10, width: 290, height: 270)
    let bytes = try makeEncoder().encode(
      picture, options: EncodingOptions(target: .bitsPerPixel(0.6))
    ).bytes
    let coded = try CodedPicture(parsing: bytes)
    let quantizer = try TrellisQuantizer(coded.header, table: network.levels, pool: network.pool)
    let values = try #require(
      try read(bytes, ["--codes"], JSONEncoder().encode(Codes(network.levels.codes))).values)

    let coder = LatentCoder(
      network: network, quantizer: quantizer, header: coded.header, levelMap: coded.levelMap)
    let (codes, starts) = try coder.packing.unpack(coded.segments)
    let trellis = try Trellis(stateBitCount: coded.header.stateBits, seed: coded.header.seed)
    var states = codes.map { [UInt32](repeating: 0, count: $0.count) }
    for (tile, start) in zip(coder.packing.layout.tiles, starts) {
      var state = start
      for phase in CodingPhase.allCases {
        let positions = tile.positions(of: phase, gridColumns: coded.header.columns)
        for group in 0..<network.levels.groupCount {
          let steps = network.levels.codes.steps(
            group: group, phase, levels: coded.levelMap.levels, positions: positions)
          for step in steps {
            state = trellis.state(
              after: state, bits: codes[step.position][step.code], count: Int(step.bits))
            states[step.position][step.code] = state
          }
        }
      }
    }
    #expect(values == states)
    #expect(values.joined().count > 1000)
  }

  @Test(
    .enabled(if: python != nil, "python3 is not installed"), arguments: [3, 1])
  func decodesPixelsOfContexts(components: Int) throws {
    let page = GraphicsTests.page(width: 150, height: 70, components: components)
    var samples = page.samples
    // Colours that are spelled out.
    for place in stride(from: 0, to: samples.count - 400, by: 1217) {
      for k in 0..<150 { samples[place + k] = UInt8((k * 37 + place) & 255) }
    }
    let picture = Picture(width: 150, height: 70, colorType: page.colorType, samples: samples)
    let coded = try CodedPicture(
      parsing: makeEncoder().encode(picture, options: EncodingOptions(isLossless: true)).bytes)
    let graphics = try #require(coded.graphics)
    let unit = try #require(
      ContextCodedPixels.encode(
        (0..<150 * 70 * 3).map { samples[$0 / 3 * components + min($0 % 3, components - 1)] },
        width: 150, height: 70, isGrey: coded.header.colorType.isGrey)
    ).bytes
    let bytes = CodedPicture(
      header: coded.header, rateTable: coded.rateTable, levelMap: coded.levelMap,
      graphics: GraphicsLayer(header: coded.header, mask: graphics.mask, units: [unit]),
      order: coded.order, segments: coded.segments
    ).serialized()
    #expect(try GQDecoder(network: nil).decode(bytes) == picture)
    let units = try #require(try read(bytes, ["--pixels"]).graphics?.units)
    let pixels = try #require(units.first?.pixels)
    let expected = (0..<150 * 70).map { place -> UInt32 in
      (0..<3).reduce(0) {
        $0 << 8 | UInt32(samples[place * components + min($1, components - 1)])
      }
    }
    #expect(units.count == 1 && pixels == expected)
  }

  @Test(
    .enabled(if: python != nil, "python3 is not installed"))
  func tellsWhatTheNetworkDoesNotSee() throws {
    let coded = try CodedPicture(
      parsing: makeEncoder().encode(
        GraphicsTests.page(width: 448, height: 320, photograph: (x: 200, y: 96, side: 160))
      ).bytes)
    let graphics = try #require(coded.graphics)
    let other = GraphicsTests.seeing(coded, graphics)
    let bytes = other.serialized()
    let found = try #require(try read(bytes, []).graphics)
    #expect(found.mask == graphics.mask.map { $0 ? 1 : 0 })
    #expect(found.outside == other.graphics?.outside.map { $0 ? 1 : 0 })
  }

  private func read(
    _ bytes: [UInt8], _ options: [String], _ codes: Data? = nil
  ) throws -> Report {
    let file = FileManager.default.temporaryDirectory.appendingPathComponent(
      "second-reader-\(UUID().uuidString).gqz")
    let table = file.appendingPathExtension("json")
    defer { for path in [file, table] { try? FileManager.default.removeItem(at: path) } }
    try Data(bytes).write(to: file)
    try codes?.write(to: table)
    let process = Process()
    process.executableURL = URL(fileURLWithPath: try #require(Self.python))
    process.arguments =
      [
        URL(fileURLWithPath: #filePath).deletingLastPathComponent()
          .appendingPathComponent("../reader/gqz_reader.py").standardized.path,
        file.path,
      ] + options + (codes == nil ? [] : [table.path])
    let output = Pipe()
    process.standardOutput = output
    try process.run()
    let data = output.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    #expect(process.terminationStatus == 0)
    return try JSONDecoder().decode(Report.self, from: data)
  }
}

import GQBitstream
import Foundation
import Testing

/// The reader in Python that was written from `docs/format.md` alone.
struct SecondReaderTests {
  struct Report: Decodable {
    let width, height, colorType, tileExponent, stateBits, columns, rows: Int
    let seed: UInt64
    let rateTable: [[Int]]
    let levels: [UInt8]
    let codes: [String]
    let tiles: [Tile]
    let ancillary: [Ancillary]
    let alpha: [UInt8]?

    struct Ancillary: Decodable {
      let type: String
      let bytes: Int
    }

    struct Tile: Decodable {
      let bytes: Int
      let intact: Bool
      let start: Int
    }
  }

  static let python = ["/usr/bin/python3", "/usr/local/bin/python3"].first {
    FileManager.default.isExecutableFile(atPath: $0)
  }

  @Test(
    .enabled(if: python != nil, "python3 is not installed"),
    arguments: [
      makeCoded(width: 1, height: 1, kind: .equal),
      makeCoded(width: 333, height: 250, kind: .smooth, seed: 1),
      makeCoded(
        width: 768, height: 512, kind: .random, tileExponent: 3,
        stateBits: 11, seed: 2),
      makeCoded(
        width: 200, height: 90, kind: .random,
        rateTable: RateTable([
          .init(bits: 0, modes: 2), .init(bits: 2, modes: 8), .init(bits: 300, modes: 1),
        ]), tileExponent: 0,
        colorType: .grey, ancillary: [Chunk(ancillary: Chunk.exif, payload: [9])], seed: 4),
      makeCoded(width: 600, height: 333, order: .phases, seed: 5),
      makeCoded(
        width: 90, height: 40, kind: .extremes, tileExponent: 0, order: .phases, hasHeadCopy: true),
      makeCoded(width: 1100, height: 1050, seed: 7),
      makeCoded(width: 1030, height: 300, tileExponent: 2, order: .phases, hasHeadCopy: true),
      makeCoded(width: 160, height: 2100, kind: .equal, tileExponent: 7),
    ]
      + MadeUpAlpha.allCases.map {
        makeCoded(
          width: 61, height: 43,
          ancillary: [
            Chunk(ancillary: Chunk.alpha, payload: $0.plane(width: 61, height: 43).encoded()),
            Chunk(ancillary: Chunk.iccProfile, payload: [1, 2, 3]),
            Chunk(ancillary: Chunk.xmp, payload: Array("<x/>".utf8)),
          ], seed: 6)
      })
  func agrees(_ coded: CodedPicture) throws {
    let python = try #require(Self.python)
    let path = FileManager.default.temporaryDirectory.appendingPathComponent(
      "second-reader-\(UUID().uuidString).gqz")
    defer { try? FileManager.default.removeItem(at: path) }
    try Data(coded.serialized()).write(to: path)
    let process = Process()
    process.executableURL = URL(fileURLWithPath: python)
    process.arguments = [
      URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .appendingPathComponent("../reader/gqz_reader.py").standardized.path, path.path, "--full",
    ]
    let output = Pipe()
    process.standardOutput = output
    try process.run()
    let data = output.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    #expect(process.terminationStatus == 0)
    let report = try JSONDecoder().decode(Report.self, from: data)
    let header = coded.header
    #expect(report.width == header.width && report.height == header.height)
    #expect(report.columns == header.columns && report.rows == header.rows)
    #expect(report.colorType == Int(header.colorType.rawValue))
    #expect(report.tileExponent == header.tileExponent)
    #expect(report.stateBits == header.stateBits)
    #expect(report.seed == header.seed)
    #expect(report.rateTable == coded.rateTable.rateLevels.map { [$0.bits, $0.modes] })
    #expect(report.levels == coded.levelMap.levels)
    let layout = TileLayout(
      header: header, rateTable: coded.rateTable, levelMap: coded.levelMap, order: coded.order)
    var codes = report.levels.map { _ in "" }
    var starts: [Int] = []
    for (segment, data) in zip(layout.segments, coded.segments) {
      var reader = BitReader(data[...])
      if segment.bitCount > 0 {
        starts.append(Int(try reader.read(count: TileLayout.startBits)))
      } else {
        starts.append(0)
      }
      for position in layout.positions(of: segment, gridColumns: header.columns) {
        for _ in 0..<coded.rateTable.bits[Int(report.levels[position])] {
          codes[position] += try reader.read(count: 1) == 1 ? "1" : "0"
        }
      }
    }
    #expect(report.codes == codes)
    #expect(report.tiles.map(\.start) == starts)
    #expect(
      report.ancillary.map(\.type)
        == coded.ancillary.map { String(Character(UnicodeScalar($0.type))) })
    #expect(report.ancillary.map(\.bytes) == coded.ancillary.map(\.payload.count))
    #expect(
      try report.alpha == FileStructure(parsing: coded.serialized()).alpha()?.samples)
    #expect(report.tiles.map(\.bytes) == layout.segments.map(\.byteCount))
    #expect(report.tiles.filter(\.intact).count == report.tiles.count)
  }
}

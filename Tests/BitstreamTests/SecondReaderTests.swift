import Bitstream
import Foundation
import Testing

/// The reader in Python that was written from `docs/format.md` alone.
struct SecondReaderTests {
  struct Report: Decodable {
    let width, height, colorType, tileExponent, codebookBits, columns, rows: Int
    let codebookSeed: UInt64
    let ladder: [Int]
    let levels: [UInt8]
    let indices: [UInt32]
    let tiles: [Tile]

    struct Tile: Decodable {
      let bytes: Int
      let intact: Bool
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
      makeCoded(width: 768, height: 512, kind: .random, tileExponent: 3, bits: 11, seed: 2),
      makeCoded(
        width: 200, height: 90, kind: .extremes, ladder: LevelLadder([0, 2, 7]), tileExponent: 0,
        colorType: .grey, ancillary: [Chunk(ancillary: Chunk.exif, payload: [9])], seed: 4),
    ])
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
    #expect(report.codebookBits == header.codebookBits)
    #expect(report.codebookSeed == header.codebookSeed)
    #expect(report.ladder == coded.ladder.indexCounts)
    #expect(report.levels == coded.levelMap.levels)
    #expect(report.indices == coded.indices)
    let layout = TileLayout(header: header, ladder: coded.ladder, levelMap: coded.levelMap)
    #expect(report.tiles.map(\.bytes) == layout.tiles.map(\.byteCount))
    #expect(report.tiles.filter(\.intact).count == report.tiles.count)
  }
}

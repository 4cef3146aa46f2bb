import GQBitstream
import Foundation
import GaussianQuant
import GQModel
import Testing

@testable import GQCodec

/// The reader in Python that was written from `docs/format.md` alone, on files of the shipped model.
@Suite struct SecondReaderTests {
  struct Report: Decodable {
    /// For each position the trellis's states.
    let values: [[UInt32]]
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
    let report = try read(bytes, widths: quantizer.codeWidths)

    let coder = LatentCoder(
      network: network, quantizer: quantizer, header: coded.header, levelMap: coded.levelMap)
    let (codes, starts) = try coder.packing.unpack(coded.segments)
    let trellis = try Trellis(stateBitCount: coded.header.stateBits, seed: coded.header.seed)
    var states = codes.map { [UInt32](repeating: 0, count: $0.count) }
    for (tile, start) in zip(coder.packing.layout.tiles, starts) {
      var state = start
      for phase in CodingPhase.allCases {
        let positions = tile.positions(of: phase, gridColumns: coded.header.columns)
        for step in quantizer.steps(levels: coded.levelMap.levels, positions: positions) {
          state = trellis.state(
            after: state, bits: codes[step.position][step.code], count: Int(step.bits))
          states[step.position][step.code] = state
        }
      }
    }
    #expect(report.values == states)
    #expect(report.values.joined().count > 1000)
  }

  private func read(_ bytes: [UInt8], widths: [[Int]]) throws -> Report {
    let file = FileManager.default.temporaryDirectory.appendingPathComponent(
      "second-reader-\(UUID().uuidString).gqz")
    let table = file.appendingPathExtension("json")
    defer { for path in [file, table] { try? FileManager.default.removeItem(at: path) } }
    try Data(bytes).write(to: file)
    try JSONEncoder().encode(widths).write(to: table)
    let process = Process()
    process.executableURL = URL(fileURLWithPath: try #require(Self.python))
    process.arguments = [
      URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .appendingPathComponent("../reader/gqz_reader.py").standardized.path,
      file.path, "--widths", table.path,
    ]
    let output = Pipe()
    process.standardOutput = output
    try process.run()
    let data = output.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    #expect(process.terminationStatus == 0)
    return try JSONDecoder().decode(Report.self, from: data)
  }
}

import GQBitstream
import GQCodec
import Foundation
import Testing

@testable import GQPixelIO

/// PngSuite by Willem van Schaik: valid files decode as pypng decodes them, broken ones are refused.
@Suite struct PngSuiteTests {
  /// A line of `checksums.txt`.
  struct Expectation: Sendable, CustomTestStringConvertible {
    let name: String
    let width: Int
    let height: Int
    let colorType: Picture.ColorType
    let hasAlpha: Bool
    let samples: UInt32
    let alpha: UInt32

    init(line: Substring) throws {
      let cells = line.split(separator: " ").map(String.init)
      try #require(cells.count == 7)
      name = cells[0]
      width = try #require(Int(cells[1]))
      height = try #require(Int(cells[2]))
      colorType = cells[3] == "grey" ? .grey : .rgb
      hasAlpha = cells[4] == "alpha"
      samples = try #require(UInt32(cells[5], radix: 16))
      alpha = try #require(UInt32(cells[6], radix: 16))
    }

    var testDescription: String { name }
  }

  static func expectations() throws -> [Expectation] {
    try String(decoding: TestData.bytes("pngsuite/checksums.txt"), as: UTF8.self)
      .split(separator: "\n").map { try Expectation(line: $0) }
  }

  @Test func validFilesDecodeExactly() throws {
    let expectations = try Self.expectations()
    #expect(expectations.map { "pngsuite/\($0.name)" } == TestData.pictures(in: "pngsuite"))
    #expect(expectations.count == 160)
    for expected in expectations {
      let picture = try PictureReader().read(try TestData.bytes("pngsuite/\(expected.name)"))
      #expect(picture.width == expected.width && picture.height == expected.height)
      #expect(picture.colorType == expected.colorType, "\(expected.name)")
      #expect(CRC32.of(picture.samples[...]) == expected.samples, "\(expected.name)")
      #expect((picture.alpha != nil) == expected.hasAlpha, "\(expected.name)")
      #expect(CRC32.of((picture.alpha ?? [])[...]) == expected.alpha, "\(expected.name)")
    }
  }

  @Test func brokenFilesAreRefused() throws {
    let paths = TestData.pictures(in: "pngsuite/broken")
    #expect(paths.count == 14)
    for path in paths {
      #expect(throws: PixelIOError.self, "\(path)") {
        try PictureReader().read(try TestData.bytes(path))
      }
    }
  }

  /// What the writer makes of a file is read as the same picture.
  @Test func filesSurviveRewriting() throws {
    for path in TestData.pictures(in: "pngsuite") {
      let picture = try PictureReader().read(try TestData.bytes(path))
      #expect(try PictureReader().read(try PNGWriter().write(picture)) == picture, "\(path)")
    }
  }
}

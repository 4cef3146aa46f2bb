import GQCodec
import Foundation
import Testing

/// The directory `testdata` and what lies in it.
enum TestData {
  static let directory = URL(filePath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    .appending(path: "testdata")

  static func bytes(_ path: String) throws -> [UInt8] {
    [UInt8](try Data(contentsOf: directory.appending(path: path)))
  }

  /// Names of the PNG and JPEG files of a subdirectory, in order.
  static func pictures(in subdirectory: String) -> [String] {
    let path = directory.appending(path: subdirectory).path()
    let names = (try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []
    return names.filter { $0.hasSuffix(".png") || $0.hasSuffix(".jpg") }.sorted()
      .map { "\(subdirectory)/\($0)" }
  }

  /// The samples that a file of `read` must give.
  static func expected(_ path: String) throws -> Picture {
    let stem = String(path.dropLast(4))
    if let bytes = try? bytes(stem + ".ppm") { return try readPNM(bytes) }
    return try readPNM(try bytes(stem + ".pgm"))
  }

  /// The alpha that a file of `read` must give.
  static func expectedAlpha(_ path: String) throws -> [UInt8]? {
    guard let bytes = try? bytes(String(path.dropLast(4)) + "-alpha.pgm") else { return nil }
    return try readPNM(bytes).samples
  }

  /// Reads binary PGM and PPM as `make.py` writes them: three lines, then samples.
  private static func readPNM(_ bytes: [UInt8]) throws -> Picture {
    let lines = bytes.split(separator: 0x0A, maxSplits: 3, omittingEmptySubsequences: false)
    try #require(lines.count == 4)
    let line = String(decoding: lines[1], as: UTF8.self)
    let size = line.split(separator: " ").compactMap { Int($0) }
    try #require(size.count == 2)
    let colorType: Picture.ColorType = Array(lines[0]) == Array("P6".utf8) ? .rgb : .grey
    return Picture(
      width: size[0], height: size[1], colorType: colorType, samples: Array(lines[3]))
  }
}

/// Deterministic numbers, the same on every machine (SplitMix64).
struct SeededGenerator: RandomNumberGenerator {
  var state: UInt64

  init(seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }
}

extension Picture {
  /// A picture of noise.
  static func noise(
    width: Int, height: Int, colorType: ColorType, hasAlpha: Bool = false,
    metadata: PictureMetadata = PictureMetadata(), using generator: inout SeededGenerator
  ) -> Picture {
    let count = width * height * colorType.componentCount
    let samples = (0..<count).map { _ in UInt8.random(in: 0...255, using: &generator) }
    let alpha = (0..<width * height).map { _ in UInt8.random(in: 0...255, using: &generator) }
    return Picture(
      width: width, height: height, colorType: colorType, samples: samples,
      alpha: hasAlpha ? alpha : nil, metadata: metadata)
  }

  /// The largest difference of two samples, or nil when the shapes differ.
  func largestDifference(from other: Picture) -> Int? {
    guard width == other.width, height == other.height, colorType == other.colorType else {
      return nil
    }
    return zip(samples, other.samples).map { abs(Int($0) - Int($1)) }.max()
  }
}

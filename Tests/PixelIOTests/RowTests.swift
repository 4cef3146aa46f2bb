import GQCodec
import Foundation
import Testing

@testable import GQPixelIO

/// Files that are read and written row by row, beside the same as a whole.
@Suite struct RowTests {
  static let files: [String] = {
    let folder = TestData.directory.path()
    let names = FileManager.default.enumerator(atPath: folder)?.compactMap { $0 as? String } ?? []
    return names.filter { name in
      ["png", "jpg", "jpeg", "ppm", "pgm"].contains((name as NSString).pathExtension.lowercased())
    }.map { folder + "/" + $0 }.sorted()
  }()

  @Test func rowsAreThoseOfTheWholePicture() throws {
    var formats: [PictureFormat: Int] = [:]
    for path in Self.files {
      for keepsMetadata in [true, false] {
        let reader = PictureReader(keepsMetadata: keepsMetadata)
        guard
          let file = try? reader.open(try FileReader.read(path, maxBytes: 1 << 24)),
          let rows = try reader.rows(path, maxBytes: 1 << 24, leastPixels: 1)
        else { continue }
        formats[rows.format, default: 0] += 1
        for count in [1, 7, 16, 100_000] {
          var samples: [UInt8] = []
          try rows.forEachRows(count) { samples += $0 }
          let isEqual = samples == file.picture.samples
          #expect(isEqual, "\(path), \(count) rows at a time")
        }
        #expect(rows.width == file.picture.width && rows.height == file.picture.height)
        #expect(rows.colorType == file.picture.colorType && file.picture.alpha == nil)
        #expect(rows.metadata == file.picture.metadata, "\(path)")
        #expect(rows.conversions == file.conversions && rows.format == file.format, "\(path)")
      }
    }
    #expect(formats[.png, default: 0] > 10 && formats[.jpeg, default: 0] > 2)
  }

  @Test func netpbmRowsToo() throws {
    let folder = try temporaryFolder()
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let path = folder + "/picture.ppm"
    let bytes = Array("P6 # comment\n3 5\n255\n".utf8) + (0..<45).map { UInt8($0 * 5) }
    try AtomicFile.write(bytes, to: path, overwrite: false)
    let rows = try #require(try PictureReader().rows(path, maxBytes: 1000, leastPixels: 1))
    var samples: [UInt8] = []
    try rows.forEachRows(2) { samples += $0 }
    #expect(samples == (0..<45).map { UInt8($0 * 5) })
    #expect(try PictureReader().rows(path, maxBytes: 1000) == nil)
    // A file that lacks a byte is not read this way, and as a whole it is refused.
    try AtomicFile.write(bytes.dropLast().map { $0 }, to: path, overwrite: true)
    #expect(try PictureReader().rows(path, maxBytes: 1000, leastPixels: 1) == nil)
  }

  @Test func damageIsFound() throws {
    let folder = try temporaryFolder()
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let picture = Picture(
      width: 64, height: 64, colorType: .rgb,
      samples: (0..<64 * 64 * 3).map { UInt8(truncatingIfNeeded: $0 &* 2_654_435_761 >> 7) })
    for (name, bytes) in [
      ("a.png", try PNGWriter().write(picture)),
      ("a.jpg", try JPEGWriter(quality: 90).write(picture)),
    ] {
      let path = folder + "/" + name
      var damaged = bytes
      damaged.removeSubrange(bytes.count / 2..<bytes.count / 2 + 60)
      try AtomicFile.write(damaged, to: path, overwrite: false)
      #expect(throws: PixelIOError.self) {
        try PictureReader().rows(path, maxBytes: 1 << 20, leastPixels: 1)?.forEachRows(10) { _ in }
      }
    }
  }

  @Test(arguments: PictureFormat.allCases, [1, 5, 1000])
  func writtenRowsMakeTheSameFile(_ format: PictureFormat, _ count: Int) throws {
    let picture = Picture(
      width: 37, height: 301, colorType: .rgb,
      samples: (0..<37 * 301 * 3).map { UInt8(truncatingIfNeeded: $0 / 7 + $0 % 13) },
      metadata: PictureMetadata(xmp: format == .netpbm ? nil : Array("<x/>".utf8)))
    let writer = PictureWriter(format: format)
    let rows = try writer.rows(RowFormat(picture))
    var bytes: [UInt8] = []
    for first in stride(from: 0, to: 301, by: count) {
      bytes += try rows.write(
        Array(picture.samples[first * 37 * 3..<min(301, first + count) * 37 * 3]))
    }
    bytes += try rows.finish().bytes
    #expect(bytes == (try writer.write(picture).bytes))
  }

  private func temporaryFolder() throws -> String {
    let path = FileManager.default.temporaryDirectory.path + "/rows-\(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    return path
  }
}

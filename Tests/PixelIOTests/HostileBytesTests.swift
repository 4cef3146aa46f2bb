import GQCodec
import Testing

@testable import GQPixelIO

/// Whatever the bytes, a reader returns a picture or throws its own error.
@Suite struct HostileBytesTests {
  @Test(arguments: TestData.pictures(in: "read"))
  func truncatedAtEveryByte(path: String) throws {
    let bytes = try TestData.bytes(path)
    let reader = PictureReader()
    // A JPEG file without its end marker alone has all pixels, and so has a PNG file without what stands behind them.
    var end = bytes.count - (path.hasSuffix(".jpg") ? 2 : 0)
    if path.hasSuffix(".png") {
      let name = try #require(
        bytes.indices.dropLast(4).last { bytes[$0..<$0 + 4].elementsEqual("IDAT".utf8) })
      end = name + 8 + bytes[name - 4..<name].reduce(0) { $0 << 8 | Int($1) }
    }
    for count in 0..<end {
      #expect(throws: PixelIOError.self, "\(count) of \(bytes.count) bytes") {
        try reader.read(Array(bytes.prefix(count)))
      }
    }
  }

  @Test(arguments: ["sample.png", "camera.png"])
  func photographTruncated(path: String) throws {
    let bytes = try TestData.bytes(path)
    // Without the end marker all pixels are there.
    for count in stride(from: 0, to: bytes.count - 12, by: bytes.count / 19) {
      #expect(throws: PixelIOError.self) { try PictureReader().read(Array(bytes.prefix(count))) }
    }
  }

  @Test(arguments: TestData.pictures(in: "read") + TestData.pictures(in: "refused"))
  func flippedBytes(path: String) throws {
    let bytes = try TestData.bytes(path)
    guard !bytes.isEmpty else { return }
    let reader = PictureReader(limits: PictureLimits(maxPixels: 1 << 22))
    var generator = SeededGenerator(seed: 7)
    for _ in 0..<400 {
      var damaged = bytes
      for _ in 0..<Int.random(in: 1...4, using: &generator) {
        let position = Int.random(in: 0..<bytes.count, using: &generator)
        damaged[position] = UInt8.random(in: 0...255, using: &generator)
      }
      do throws(PixelIOError) {
        let picture = try reader.read(damaged)
        #expect(picture.width * picture.height <= 1 << 22)
      } catch {
        #expect(!error.description.isEmpty)
      }
    }
  }

  /// Damage to a PNG file never passes: every chunk has a checksum. That to the end marker is told.
  @Test func everyFlippedBitOfPNGIsFound() throws {
    let bytes = try TestData.bytes("read/palette-4.png")
    for position in bytes.indices {
      for bit in 0..<8 {
        var damaged = bytes
        damaged[position] ^= 1 << bit
        if position >= bytes.count - 12 {
          let file = try PictureReader().open(damaged)
          #expect(file.conversions.count == 1, "bit \(bit) of byte \(position)")
        }
        #expect(throws: PixelIOError.self, "bit \(bit) of byte \(position)") {
          try PictureReader(isStrict: position >= bytes.count - 12).read(damaged)
        }
      }
    }
  }

  @Test func randomExif() {
    var generator = SeededGenerator(seed: 3)
    for _ in 0..<20000 {
      let count = Int.random(in: 0...64, using: &generator)
      var tiff = (0..<count).map { _ in UInt8.random(in: 0...255, using: &generator) }
      let isBig = Bool.random(using: &generator)
      let start: [UInt8] = isBig ? [0x4D, 0x4D, 0, 42] : [0x49, 0x49, 42, 0]
      tiff.replaceSubrange(0..<min(4, count), with: start.prefix(count))
      _ = ExifOrientation(tiff: tiff)
      let length = UInt8(truncatingIfNeeded: tiff.count + 8)
      let head: [UInt8] = [0xFF, 0xD8, 0xFF, 0xE1, 0, length]
      _ = ExifOrientation(jpeg: head + Array("Exif\0\0".utf8) + tiff)
      _ = ExifOrientation(jpeg: [0xFF, 0xD8] + tiff)
    }
  }

  @Test func badOrientationLeavesThePictureUpright() throws {
    var bytes = try TestData.bytes("read/orientation-6.jpg")
    // Big-endian: tag 0112, type 3, count 1, value 6.
    let entry: [UInt8] = [0x01, 0x12, 0, 3, 0, 0, 0, 1, 0, 6]
    let position = try #require(
      (0..<100).first { bytes[$0...].starts(with: entry) })
    #expect(ExifOrientation(jpeg: bytes) == .turnedLeft)
    bytes[position + 9] = 9
    #expect(ExifOrientation(jpeg: bytes) == nil)
    #expect(try PictureReader().read(bytes).width == 24)
  }
}

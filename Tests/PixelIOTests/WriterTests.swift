import GQCodec
import Testing

@testable import GQPixelIO

@Suite struct WriterTests {
  static let sizes = [(1, 1), (1, 7), (16, 1), (17, 31), (300, 5)]

  @Test(arguments: sizes, Picture.ColorType.allCases)
  func pngRoundTrip(size: (Int, Int), type: Picture.ColorType) throws {
    var generator = SeededGenerator(seed: UInt64(size.0))
    let isClear = size.0 % 2 == 0
    let picture = Picture.noise(
      width: size.0, height: size.1, colorType: type, hasAlpha: isClear, using: &generator)
    for level in [0, 1, 6, 9] {
      let bytes = try PNGWriter(compressionLevel: level).write(picture)
      #expect(try PictureReader().read(bytes) == picture)
    }
  }

  @Test func pngLevelsShrinkAPhotograph() throws {
    let picture = try PictureReader().read(try TestData.bytes("chelsea.png"))
    let stored = try PNGWriter(compressionLevel: 0).write(picture)
    let small = try PNGWriter(compressionLevel: 9).write(picture)
    #expect(stored.count > picture.samples.count)
    #expect(small.count < picture.samples.count * 3 / 4)
    #expect(try PictureReader().read(small) == picture)
  }

  @Test(arguments: sizes, Picture.ColorType.allCases)
  func jpegKeepsTheShape(size: (Int, Int), type: Picture.ColorType) throws {
    var generator = SeededGenerator(seed: 5)
    let picture = Picture.noise(
      width: size.0, height: size.1, colorType: type, using: &generator)
    for progressive in [false, true] {
      let writer = JPEGWriter(quality: 100, isProgressive: progressive, subsampling: .full)
      let back = try PictureReader().read(try writer.write(picture))
      let difference = try #require(back.largestDifference(from: picture))
      #expect(difference < 12)
    }
  }

  @Test func jpegQualityOrdersSizes() throws {
    let picture = try PictureReader().read(try TestData.bytes("sample.png"))
    var last = 0
    for quality in [5, 30, 60, 90, 100] {
      let count = try JPEGWriter(quality: quality).write(picture).count
      #expect(count > last)
      last = count
    }
    let plain = try JPEGWriter(quality: 60, isOptimized: false, isProgressive: false).write(picture)
    let fitted = try JPEGWriter(quality: 60).write(picture)
    let full = try JPEGWriter(quality: 60, subsampling: .full).write(picture)
    #expect(fitted.count < plain.count && fitted.count < full.count)
  }

  @Test func jpegRefusesLongSides() throws {
    let picture = Picture(
      width: 65536, height: 1, colorType: .grey, samples: [UInt8](repeating: 0, count: 65536))
    let error = #expect(throws: PixelIOError.self) { try JPEGWriter(quality: 50).write(picture) }
    #expect(error?.description.contains("cannot be written as JPEG") == true)
    let png = try PNGWriter().write(picture)
    #expect(throws: PixelIOError.sideTooLong(width: 65536, height: 1, limit: 65535)) {
      try PictureReader().read(png)
    }
  }
}

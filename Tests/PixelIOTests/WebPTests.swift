import GQCodec
import Testing

@testable import GQPixelIO

@Suite struct WebPTests {
  @Test(arguments: WriterTests.sizes, Picture.ColorType.allCases)
  func comesBackWithoutLoss(size: (Int, Int), type: Picture.ColorType) throws {
    var generator = SeededGenerator(seed: UInt64(size.1))
    var metadata = try MetadataTests.metadata()
    metadata.exif = metadata.exif.map(ExifOrientation.upright(tiff:))
    // At 1 x 1 without alpha and metadata.
    let isPlain = size == (1, 1)
    let picture = Picture.noise(
      width: size.0, height: size.1, colorType: type, hasAlpha: !isPlain,
      metadata: isPlain ? PictureMetadata() : metadata, using: &generator)
    let (bytes, conversions) = try PictureWriter(format: .webp).write(picture)
    #expect(PictureFormat(signatureOf: bytes) == .webp && conversions.isEmpty)
    let back = try PictureReader(isStrict: true).read(bytes)
    #expect(
      back.samples == (type == .rgb ? picture.samples : picture.samples.flatMap { [$0, $0, $0] }))
    #expect(back.alpha == picture.alpha && back.metadata == picture.metadata)
    let bare = try PictureReader(keepsMetadata: false).read(bytes)
    #expect(bare.metadata.isEmpty && bare.samples == back.samples)
  }

  @Test func qualityOrdersSizes() throws {
    let picture = try PictureReader().read(try TestData.bytes("sample.png"))
    var last = 0
    for quality in [0, 30, 60, 100] {
      let bytes = try WebPWriter(quality: quality).write(picture)
      #expect(bytes.count > last)
      last = bytes.count
      #expect(try PictureReader().read(bytes).width == picture.width)
    }
    #expect(try WebPWriter().write(picture).count > last)
  }

  @Test func isTurnedAsExifSays() throws {
    var generator = SeededGenerator(seed: 4)
    let picture = Picture.noise(
      width: 20, height: 11, colorType: .rgb, metadata: try MetadataTests.metadata(),
      using: &generator)
    let back = try PictureReader().read(try WebPWriter().write(picture))
    #expect(back.width == 11 && back.height == 20)
    #expect(back.metadata.exif.flatMap { ExifOrientation(tiff: $0) } == .upright)
  }

  @Test func refusesAnimationByName() {
    // A file whose header says that it moves: 8 x 8 pixels, one frame to follow.
    var bytes = Array("RIFF".utf8) + [44, 0, 0, 0] + Array("WEBPVP8X".utf8)
    bytes += [10, 0, 0, 0, 2, 0, 0, 0, 7, 0, 0, 7, 0, 0]
    bytes += Array("ANIM".utf8) + [6, 0, 0, 0] + Array(repeating: 0, count: 6)
    bytes += Array("ANMF".utf8) + [0, 0, 0, 0]
    #expect(throws: PixelIOError.unsupported(.webp, .other("animation"))) {
      try PictureReader().read(bytes)
    }
  }

  @Test func refusesWhatIsCutOrTooLarge() throws {
    var generator = SeededGenerator(seed: 6)
    let picture = Picture.noise(
      width: 37, height: 23, colorType: .rgb, hasAlpha: true, using: &generator)
    for quality in [nil, 70] {
      let bytes = try WebPWriter(quality: quality).write(picture)
      for count in stride(from: 0, to: bytes.count - 8, by: 7) {
        #expect(throws: PixelIOError.self) { try PictureReader().read(Array(bytes.prefix(count))) }
      }
      #expect(throws: PixelIOError.sideTooLong(width: 37, height: 23, limit: 36)) {
        try PictureReader(limits: PictureLimits(maxDimension: 36)).read(bytes)
      }
    }
    let wide = Picture(
      width: 16384, height: 1, colorType: .grey, samples: [UInt8](repeating: 0, count: 16384))
    #expect(throws: PixelIOError.notWritable(.webp, detail: "more than 16383 pixels a side")) {
      try WebPWriter().write(wide)
    }
  }
}

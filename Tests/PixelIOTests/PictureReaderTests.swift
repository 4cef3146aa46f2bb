import GQCodec
import Testing

@testable import GQPixelIO

@Suite struct PictureReaderTests {
  @Test(arguments: TestData.pictures(in: "read"))
  func readsSamples(path: String) throws {
    let picture = try PictureReader().read(try TestData.bytes(path))
    let difference = try #require(picture.largestDifference(from: try TestData.expected(path)))
    let isCompressed = path.contains("orientation") || path.contains("metadata")
    let tolerance = !path.hasSuffix(".jpg") ? 0 : isCompressed ? 20 : 2
    #expect(difference <= tolerance)
    #expect(picture.alpha == (try TestData.expectedAlpha(path)))
  }

  @Test func findsTheTestPictures() {
    #expect(TestData.pictures(in: "read").count > 25)
  }

  @Test(arguments: [
    ("sample.png", 600, 400, Picture.ColorType.rgb), ("chelsea.png", 451, 300, .rgb),
    ("camera.png", 512, 512, .grey),
  ])
  func readsPhotographs(path: String, width: Int, height: Int, type: Picture.ColorType) throws {
    let picture = try PictureReader().read(try TestData.bytes(path))
    #expect(picture.width == width && picture.height == height && picture.colorType == type)
  }

  @Test func orientationsAgree() throws {
    let reader = PictureReader()
    let upright = try reader.read(try TestData.bytes("read/orientation-1.jpg"))
    for orientation in 2...8 {
      let turned = try reader.read(try TestData.bytes("read/orientation-\(orientation).jpg"))
      let difference = try #require(turned.largestDifference(from: upright))
      #expect(difference <= 4, "orientation \(orientation)")
    }
  }

  @Test(arguments: [
    ("rgb-16.png", Conversion.roundedSamples(bits: 16)),
    ("grey-16.png", .roundedSamples(bits: 16)), ("cmyk.jpg", .cmykToRGB),
    ("cmyk-plain.jpg", .cmykToRGB), ("ycck.jpg", .cmykToRGB),
  ])
  func tellsWhatIsNotExact(path: String, conversion: Conversion) throws {
    let bytes = try TestData.bytes("read/\(path)")
    let file = try PictureReader().open(bytes)
    #expect(file.conversions == [conversion])
    #expect(throws: PixelIOError.notExact(file.format, conversion)) {
      try PictureReader(isStrict: true).read(bytes)
    }
  }

  @Test func everythingElseIsExact() throws {
    let inexact = ["-16", "cmyk", "ycck", "gamma"]
    for path in TestData.pictures(in: "read")
    where !inexact.contains(where: { path.contains($0) }) {
      #expect(
        try PictureReader(isStrict: true).open(try TestData.bytes(path)).conversions == [],
        "\(path)")
    }
  }

  static let refusals: [(String, PixelIOError, String)] = [
    ("gif.gif", .foreignFormat(.gif), "GIF is not read; magick"),
    (
      "text.txt", .unknownFormat(firstBytes: Array("Not a pi".utf8)),
      "not a PNG, JPEG, WebP or PPM file"
    ),
    ("empty.png", .unknownFormat(firstBytes: []), "not a PNG, JPEG, WebP or PPM file: it is empty"),
    (
      "too-wide.png", .sideTooLong(width: Int(Int32.max), height: 1, limit: 65535),
      "a picture of 2147483647 x 1 pixels"
    ),
    (
      "too-many-pixels.png", .tooManyPixels(width: 60000, height: 60000, limit: 1 << 28),
      "a picture of 60000 x 60000 pixels"
    ),
  ]

  @Test(arguments: refusals)
  func refuses(path: String, error: PixelIOError, message: String) throws {
    let bytes = try TestData.bytes("refused/\(path)")
    #expect(throws: error) { try PictureReader().read(bytes) }
    #expect(error.description.contains(message))
  }

  /// What is not read is called by its name.
  @Test(arguments: [
    ([0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 97, 0, 71, 0, 24, 0], ForeignFormat.tga),
    ([0, 1, 9, 0, 0, 0, 1, 24, 0, 0, 0, 0, 97, 0, 71, 0, 8, 0x28], .tga),
    ([0, 0, 1, 0, 1, 0, 16, 16, 0, 0, 1, 0, 32, 0, 9, 9, 0, 0], .ico),
    (Array("DDS |".utf8), .dds), (Array("icns".utf8), .icns), ([0x0A, 5, 1, 8], .pcx),
    ([1, 0xDA, 0, 1], .sgi),
  ])
  func namesForeignFormats(start: [UInt8], format: ForeignFormat) {
    #expect(throws: PixelIOError.foreignFormat(format)) { try PictureReader().read(start) }
  }

  /// Refusals whose words are the library's.
  @Test(arguments: [
    ("twelve-bits.jpg", "JPEG file has"), ("lossless.jpg", "JPEG file has"),
    ("truncated.jpg", "JPEG file is damaged"), ("truncated.png", "PNG file is cut short"),
    ("wrong-checksum.png", "PNG file is damaged"), ("few-rows.png", "PNG file is damaged"),
  ])
  func refuses(path: String, message: String) throws {
    let bytes = try TestData.bytes("refused/\(path)")
    let error = #expect(throws: PixelIOError.self) { try PictureReader().read(bytes) }
    #expect(error?.description.contains(message) == true, "\(error?.description ?? "")")
  }

  @Test func limitsAreTheCallers() throws {
    let bytes = try TestData.bytes("read/rgb.png")  // 37 x 23
    let narrow = PictureReader(limits: PictureLimits(maxDimension: 36))
    #expect(throws: PixelIOError.sideTooLong(width: 37, height: 23, limit: 36)) {
      try narrow.read(bytes)
    }
    let small = PictureReader(limits: PictureLimits(maxPixels: 37 * 23 - 1))
    #expect(throws: PixelIOError.tooManyPixels(width: 37, height: 23, limit: 850)) {
      try small.read(bytes)
    }
    let exact = PictureReader(limits: PictureLimits(maxPixels: 851, maxDimension: 37))
    #expect(try exact.read(bytes).width == 37)
    let jpeg = try TestData.bytes("read/baseline-420.jpg")
    #expect(throws: PixelIOError.sideTooLong(width: 37, height: 23, limit: 36)) {
      try narrow.read(jpeg)
    }
  }

  @Test(arguments: PictureFormat.allCases)
  func knowsSignatures(format: PictureFormat) {
    for signature in format.signatures {
      let rest = format == .webp ? [4, 0, 0, 0] + Array("WEBP".utf8) : [0]
      #expect(PictureFormat(signatureOf: signature + rest) == format)
      #expect(PictureFormat(signatureOf: signature.dropLast()) == nil)
    }
    for ending in format.fileEndings {
      #expect(PictureFormat(fileEnding: ending.uppercased()) == format)
    }
    #expect(PictureFormat(fileEnding: "gif") == nil)
  }
}

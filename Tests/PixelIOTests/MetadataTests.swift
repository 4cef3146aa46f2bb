import GQCodec
import Testing

@testable import GQPixelIO

@Suite struct MetadataTests {
  static func metadata() throws -> PictureMetadata {
    PictureMetadata(
      iccProfile: try TestData.bytes("read/metadata.icc"),
      exif: try TestData.bytes("read/metadata.exif"), xmp: try TestData.bytes("read/metadata.xmp"))
  }

  /// What Pillow wrote comes out, with orientations that say "upright".
  @Test(arguments: ["metadata.png", "metadata.jpg"])
  func isRead(path: String) throws {
    let bytes = try TestData.bytes("read/\(path)")
    let file = try PictureReader().open(bytes)
    let expected = try Self.metadata()
    let found = file.picture.metadata
    #expect(file.conversions.isEmpty)
    #expect(found.iccProfile == expected.iccProfile)
    let exif = try #require(found.exif)
    #expect(ExifOrientation(tiff: exif) == .upright)
    let original = try #require(expected.exif)
    #expect(ExifOrientation(tiff: original) == .turnedLeft)
    #expect(zip(exif, original).filter { $0 != $1 }.count == 1 && exif.count == original.count)
    let xmp = String(decoding: try #require(found.xmp), as: UTF8.self)
    #expect(xmp.contains("<tiff:Orientation>1</tiff:Orientation>"))
    #expect(file.picture.width == 37)

    let stripped = try PictureReader(keepsMetadata: false).read(bytes)
    #expect(stripped.metadata.isEmpty && stripped.samples == file.picture.samples)
  }

  @Test(arguments: [PictureFormat.png, .jpeg, .webp], Picture.ColorType.allCases)
  func comesBack(format: PictureFormat, type: Picture.ColorType) throws {
    var generator = SeededGenerator(seed: 1)
    var metadata = try Self.metadata()
    metadata.exif = metadata.exif.map(ExifOrientation.upright(tiff:))
    // A profile for RGB cannot stand in a grey PNG file.
    if type == .grey { metadata.iccProfile = nil }
    let picture = Picture.noise(
      width: 20, height: 11, colorType: type, hasAlpha: format.hasAlpha, metadata: metadata,
      using: &generator)
    let (bytes, conversions) = try PictureWriter(format: format).write(picture)
    #expect(conversions.isEmpty)
    let back = try PictureReader(isStrict: true).read(bytes)
    #expect(back.metadata == metadata)
    #expect(back.alpha == picture.alpha)
  }

  @Test func largeProfilesTakeSeveralSegments() throws {
    var generator = SeededGenerator(seed: 2)
    let profile = (0..<200_000).map { _ in UInt8.random(in: 0...255, using: &generator) }
    var picture = Picture.noise(width: 8, height: 8, colorType: .rgb, using: &generator)
    picture.metadata.iccProfile = profile
    let bytes = try JPEGWriter(quality: 90).write(picture)
    #expect(try PictureReader().read(bytes).metadata.iccProfile == profile)
    let small = PictureReader(limits: PictureLimits(maxMetadataBytes: 199_999))
    #expect(
      throws: PixelIOError.metadataTooLarge(.iccProfile, found: 200_000, limit: 199_999)
    ) { try small.read(bytes) }
    #expect(
      try PictureReader(limits: PictureLimits(maxMetadataBytes: 1), keepsMetadata: false)
        .read(bytes).metadata.isEmpty)

    // A part missing, a part twice, a part out of range.
    let second = try #require(
      (0..<bytes.count - 14).filter {
        bytes[$0...].starts(with: JPEGSegmentName.iccProfile)
      }.dropFirst().first)
    for (place, value): (Int, UInt8) in [(12, 1), (12, 9), (12, 0), (13, 5)] {
      var damaged = bytes
      damaged[second + place] = value
      let file = try PictureReader().open(damaged)
      #expect(file.picture.metadata.iccProfile == nil)
      #expect(
        file.conversions == [.leftOut(.iccProfile, reason: "its parts do not fit together")])
      #expect(throws: PixelIOError.self) { try PictureReader(isStrict: true).read(damaged) }
    }
  }

  @Test func limitsAreTheCallers() throws {
    for path in ["metadata.png", "metadata.jpg"] {
      let bytes = try TestData.bytes("read/\(path)")
      #expect(
        throws: PixelIOError.metadataTooLarge(.iccProfile, found: 588, limit: 587), "\(path)"
      ) {
        try PictureReader(limits: PictureLimits(maxMetadataBytes: 587)).read(bytes)
      }
      #expect(
        try PictureReader(limits: PictureLimits(maxMetadataBytes: 588)).read(bytes).metadata
          .iccProfile?.count == 588)
    }
    // Chunks beyond any limit, packed and plain.
    var picture = Picture(width: 1, height: 1, colorType: .grey, samples: [1])
    picture.metadata.xmp = Array(repeating: 65, count: 20 << 20)
    let bytes = try PNGWriter(compressionLevel: 1).write(picture)
    #expect(throws: PixelIOError.self) { try PictureReader().read(bytes) }
    #expect(try PictureReader(keepsMetadata: false).read(bytes).samples == [1])
  }

  @Test func whatAFormatCannotHoldIsSaidOrRefused() throws {
    var generator = SeededGenerator(seed: 3)
    var picture = Picture.noise(width: 9, height: 5, colorType: .rgb, using: &generator)
    // No profile at all, and one for the wrong colours.
    for (type, profile) in [
      (Picture.ColorType.rgb, Array(repeating: UInt8(7), count: 300)), (.rgb, [1]),
      (.grey, try TestData.bytes("read/metadata.icc")),
    ] {
      var other = Picture.noise(width: 9, height: 5, colorType: type, using: &generator)
      other.metadata = PictureMetadata(iccProfile: profile, xmp: [65, 0, 66])
      let (bytes, conversions) = try PictureWriter(format: .png).write(other)
      #expect(conversions.count == 2)
      let back = try PictureReader().read(bytes)
      #expect(back.metadata.isEmpty && back.samples == other.samples)
    }
    picture.metadata = try Self.metadata()
    let (bytes, conversions) = try PictureWriter(format: .netpbm).write(picture)
    #expect(conversions.count == 3)
    #expect(try PictureReader().read(bytes).samples == picture.samples)
    for metadata in [
      PictureMetadata(exif: Array(repeating: 0, count: 65528)),
      PictureMetadata(xmp: Array(repeating: 65, count: 65534)),
      PictureMetadata(iccProfile: Array(repeating: 0, count: 255 * 65519 + 1)),
    ] {
      picture.metadata = metadata
      #expect(throws: PixelIOError.self) { try JPEGWriter(quality: 50).write(picture) }
    }
    let clear = Picture.noise(
      width: 9, height: 5, colorType: .rgb, hasAlpha: true, using: &generator)
    for format in [PictureFormat.jpeg, .netpbm] {
      #expect(throws: PixelIOError.notWritable(format, detail: "it has alpha")) {
        try PictureWriter(format: format).write(clear)
      }
    }
  }

  @Test func xmpOrientationsAreFound() {
    func upright(_ text: String) -> String {
      String(decoding: ExifOrientation.upright(xmp: Array(text.utf8)), as: UTF8.self)
    }
    #expect(upright("a tiff:Orientation=\"6\" b") == "a tiff:Orientation=\"1\" b")
    #expect(upright("tiff:Orientation='8'/>") == "tiff:Orientation='1'/>")
    #expect(
      upright("<tiff:Orientation>3</tiff:Orientation>") == "<tiff:Orientation>1</tiff:Orientation>")
    for same in [
      "", "tiff:Orientation", "tiff:Orientation=\"", "tiff:Orientation=\"x\"", "tiff:Orient",
    ] {
      #expect(upright(same) == same)
    }
  }
}

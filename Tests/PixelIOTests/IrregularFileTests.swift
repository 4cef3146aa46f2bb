import Foundation
import GQCodec
import Testing

@testable import GQPixelIO

/// Files as people have them: with faults that leave the pixels alone, and with things that are not kept.
@Suite struct IrregularFileTests {
  enum Outcome {
    /// Read, with one warning that says this; refused by a strict reader.
    case warned(String)
    /// Read without a word.
    case exact
    /// Refused, and read with `isPartial`.
    case damaged
  }

  static let files: [(String, Outcome)] = [
    ("jpeg-comment.jpg", .warned("not kept: the comment")),
    ("jpeg-cut-in-half.jpg", .damaged),
    ("jpeg-icc-rendering-intent-byte-swapped.jpg", .exact),
    ("jpeg-iptc-caption.jpg", .warned("not kept: IPTC captions")),
    ("jpeg-jfif-300dpi.jpg", .warned("not kept: the resolution of 300 dpi")),
    ("jpeg-junk-bytes-before-exif-orientation6.jpg", .warned("not as its format demands")),
    ("jpeg-motion-photo-xmp-and-trailer.jpg", .warned("video")),
    ("jpeg-no-eoi-then-trailer.jpg", .warned("end marker is missing")),
    ("jpeg-no-eoi-zero-padded.jpg", .warned("not as its format demands")),
    ("jpeg-no-eoi.jpg", .warned("not as its format demands")),
    ("jpeg-one-restart-marker-lost.jpg", .damaged),
    ("jpeg-orientation6-with-exif-thumbnail.jpg", .exact),
    ("jpeg-sos-ahal11-baseline.jpg", .warned("not as its format demands")),
    ("jpeg-sos-se0-baseline-samsung-style.jpg", .warned("not as its format demands")),
    ("jpeg-ultrahdr-xmp-and-second-picture.jpg", .warned("picture")),
    ("pbm-p4.pbm", .exact),
    ("png-animated-two-frames.png", .warned("not kept: 1 further frames of the animation")),
    ("png-bad-crc-in-eXIf.png", .warned("eXIf: CRC error")),
    ("png-bad-crc-in-gAMA.png", .warned("gAMA: CRC error")),
    ("png-bad-crc-in-tEXt.png", .warned("tEXt: CRC error")),
    ("png-chrm-only-display-p3.png", .exact),
    ("png-cicp-display-p3.png", .exact),
    ("png-cicp-pq.png", .warned("not kept: the colour space (cICP: primaries 9, PQ)")),
    ("png-exif-chunk-with-exif00-prefix-orientation6.png", .exact),
    ("png-gama-chrm-adobe-rgb.png", .exact),
    ("png-no-iend.png", .warned("IEND: missing or damaged")),
    ("png-phys-300dpi.png", .warned("not kept: the resolution of 300 dpi")),
    ("png-rgb-trns-before-plte.png", .exact),
    ("png-text-parameters.png", .warned("not kept: text (1 chunk)")),
    ("ppm-crlf-header.ppm", .exact),
    ("ppm-one-byte-after-picture.ppm", .warned("bytes after the picture")),
    ("ppm-two-pictures.ppm", .warned("not kept: further pictures")),
  ]

  /// What is wrong behind the last chunk of pixels takes none of them away.
  @Test func damageBehindThePixelsOfPNGIsTold() throws {
    let bytes = try TestData.bytes("read/rgb.png")
    let samples = try PictureReader().read(bytes).samples
    for cut in 1...12 {
      let file = try PictureReader().open(Array(bytes.dropLast(cut)))
      #expect(file.picture.samples == samples && file.conversions.count == 1)
    }
    var wrong = bytes
    wrong[bytes.count - 1] ^= 1
    #expect(try PictureReader().open(wrong).picture.samples == samples)
    #expect(throws: PixelIOError.self) { try PictureReader(isStrict: true).open(wrong) }
    // The last bytes of the pixels are another matter.
    #expect(throws: PixelIOError.self) { try PictureReader().open(Array(bytes.dropLast(13))) }
  }

  @Test(arguments: files)
  func isReadOrRefused(name: String, outcome: Outcome) throws {
    let bytes = try TestData.bytes("irregular/\(name)")
    let strict = PictureReader(isStrict: true)
    switch outcome {
    case .exact:
      #expect(try strict.open(bytes).conversions.isEmpty)
    case .warned(let text):
      let file = try PictureReader().open(bytes)
      let words = file.conversions.map(\.description)
      #expect(words.contains { $0.contains(text) }, "\(words)")
      let error = #expect(throws: PixelIOError.self) { try strict.open(bytes) }
      if case .notExact? = error {} else { Issue.record("\(String(describing: error))") }
    case .damaged:
      #expect(throws: PixelIOError.self) { try PictureReader().open(bytes) }
      let file = try PictureReader(isPartial: true).open(bytes)
      #expect(file.conversions.contains { if case .incomplete = $0 { true } else { false } })
    }
    // Read by rows, the same.
    guard !name.contains("orientation"), !name.contains("trns") else { return }
    let path = TestData.directory.appendingPathComponent("irregular/\(name)").path
    guard case .damaged = outcome else {
      guard let rows = try PictureReader().rows(path, maxBytes: 1 << 20, leastPixels: 1) else {
        return
      }
      var samples: [UInt8] = []
      try rows.forEachRows(7) { samples += $0 }
      let file = try PictureReader().open(bytes)
      #expect(samples == file.picture.samples && rows.metadata == file.picture.metadata)
      #expect(Set(rows.conversions.map(\.description)) == Set(file.conversions.map(\.description)))
      return
    }
  }

  @Test func pixelsOfIrregularFilesAreWhole() throws {
    let whole = try PictureReader().read(
      try TestData.bytes("irregular/jpeg-sos-se0-baseline-samsung-style.jpg"))
    for name in [
      "jpeg-sos-ahal11-baseline", "jpeg-no-eoi", "jpeg-no-eoi-zero-padded",
      "jpeg-no-eoi-then-trailer",
    ] {
      let other = try PictureReader().read(try TestData.bytes("irregular/\(name).jpg"))
      #expect(whole.largestDifference(from: other) == 0, "\(name)")
    }
    let turned = try PictureReader().read(
      try TestData.bytes("irregular/jpeg-junk-bytes-before-exif-orientation6.jpg"))
    #expect(turned.height > turned.width && turned.metadata.exif != nil)
    #expect(
      try PictureReader().read(try TestData.bytes("irregular/png-rgb-trns-before-plte.png")).alpha
        != nil)
  }

  /// Zeros in place of the second half decode without a complaint of libjpeg.
  @Test(arguments: [
    "baseline-420", "baseline-444", "grey", "progressive-420", "grey-progressive", "restarts",
  ])
  func zerosInPlaceOfPixelsAreNoPicture(name: String) throws {
    let bytes = try TestData.bytes("read/\(name).jpg")
    for share in [2, 3] {
      let cut =
        Array(bytes.prefix(bytes.count - bytes.count / 2 / share))
        + [UInt8](repeating: 0, count: 4096)
      #expect(throws: PixelIOError.self, "\(share)") { try PictureReader().read(cut) }
      // Between the scans of a progressive file zeros can end even a partial reading.
      if name != "progressive-420" {
        #expect(throws: Never.self) { try PictureReader(isPartial: true).read(cut) }
      }
    }
    let padded = Array(bytes.dropLast(2)) + [UInt8](repeating: 0, count: 4096)
    if !name.contains("progressive") {
      #expect(try PictureReader().read(padded).samples == PictureReader().read(bytes).samples)
    }
  }

  @Test func coloursBecomeAProfile() throws {
    let p3 = try PictureReader().read(try TestData.bytes("irregular/png-cicp-display-p3.png"))
    let profile = try #require(p3.metadata.iccProfile)
    #expect(ColourSpace.cicp(ofProfile: profile) == [12, 13, 0, 1])
    let (bytes, conversions) = try PictureWriter(format: .png).write(p3)
    #expect(conversions.isEmpty && bytes.firstRange(of: Array("cICP".utf8)) != nil)
    let adobe = try PictureReader().read(
      try TestData.bytes("irregular/png-gama-chrm-adobe-rgb.png"))
    let linear = try PictureReader().read(try TestData.bytes("read/rgb-gamma.png"))
    for picture in [adobe, linear] {
      #expect(picture.metadata.iccProfile != nil)
      // libpng, which checks profiles, takes it.
      #expect(try PictureWriter(format: .png).write(picture).conversions.isEmpty)
    }
    // The matrix of Display P3 as Apple's own profile has it, within a step of 1/65536 or few.
    let expected: [Double] = [0.51512, 0.2412, -0.00105]
    let place = try #require(profile.firstRange(of: Array("rXYZ".utf8))?.lowerBound)
    let start = profile[place + 4..<place + 8].reduce(0) { $0 << 8 | Int($1) } + 8
    for k in 0..<3 {
      let word = profile[start + 4 * k..<start + 4 * k + 4].reduce(UInt32(0)) {
        $0 << 8 | UInt32($1)
      }
      #expect(abs(Double(Int32(bitPattern: word)) / 65536 - expected[k]) < 0.0005)
    }
  }

  @Test func promisesOfLostPicturesAreDropped() throws {
    for name in ["jpeg-motion-photo-xmp-and-trailer", "jpeg-ultrahdr-xmp-and-second-picture"] {
      #expect(
        try PictureReader().read(try TestData.bytes("irregular/\(name).jpg")).metadata.xmp == nil)
    }
  }

  @Test func exifFollowsThePicture() throws {
    let bytes = try TestData.bytes("irregular/jpeg-orientation6-with-exif-thumbnail.jpg")
    let picture = try PictureReader().read(bytes)
    let exif = try #require(picture.metadata.exif)
    #expect(ExifOrientation(tiff: exif) == .upright)
    // No thumbnail is left, which is a JPEG file of its own.
    #expect(exif.firstRange(of: [0xFF, 0xD8, 0xFF]) == nil)
    let stored = try #require(ExifBlock(exif))
    var described = stored
    described.describe(width: picture.width, height: picture.height)
    #expect(described.bytes == stored.bytes)
    described.describe(width: 7, height: 5)
    #expect(described.bytes != stored.bytes)
  }

  /// Entries that all point to the same large value would be erased again and again.
  @Test func placesAreRemovedInLinearTime() {
    let entries = 60_000
    let data = UInt32(26 + 2 + 12 * entries)
    let size = UInt32(4 << 20)
    var exif: [UInt8] = [0x49, 0x49, 42, 0, 8, 0, 0, 0, 1, 0]
    exif += [0x25, 0x88, 4, 0, 1, 0, 0, 0, 26, 0, 0, 0, 0, 0, 0, 0]
    exif += [UInt8(entries & 255), UInt8(entries >> 8)]
    for _ in 0..<entries {
      exif += [2, 0, 1, 0]
      exif += (0..<4).map { UInt8(truncatingIfNeeded: size >> (8 * $0)) }
      exif += (0..<4).map { UInt8(truncatingIfNeeded: data >> (8 * $0)) }
    }
    exif += [UInt8](repeating: 7, count: Int(size))
    #expect(PictureMetadata(exif: exif).without([.gps]).exif == nil)
  }

  @Test func placesAreRemoved() throws {
    // Two entries: where the GPS directory is, and the orientation, then GPS with one text.
    var exif: [UInt8] = [0x4D, 0x4D, 0, 42, 0, 0, 0, 8, 0, 3]
    exif += [0x01, 0x12, 0, 3, 0, 0, 0, 1, 0, 6, 0, 0]
    exif += [0x88, 0x25, 0, 4, 0, 0, 0, 1, 0, 0, 0, 50]
    exif += [0xA0, 0x01, 0, 3, 0, 0, 0, 1, 0, 1, 0, 0]
    exif += [0, 0, 0, 0]
    exif += [0, 1, 0, 1, 0, 2, 0, 0, 0, 9, 0, 0, 0, 68, 0, 0, 0, 0] + Array("somewhere".utf8)
    let metadata = PictureMetadata(exif: exif, xmp: Array("<a exif:GPSLatitude='1'/>".utf8))
    let without = metadata.without([.gps])
    let bytes = try #require(without.exif)
    #expect(
      bytes.firstRange(of: Array("some".utf8)) == nil && bytes.firstRange(of: [0x88, 0x25]) == nil)
    #expect(ExifOrientation(tiff: bytes) == .turnedLeft && bytes[8...9] == [0, 2])
    #expect(bytes.firstRange(of: [0xA0, 0x01, 0, 3]) != nil && without.xmp == nil)
    #expect(metadata.without([]) == metadata && metadata.without([.exif, .xmp]).isEmpty)
    // The place of the directory may have the type of directories too, and stand there twice; what cannot be followed to
    // its end takes the whole block with it.
    var typed = exif
    typed[25] = 13
    #expect(PictureMetadata(exif: typed).without([.gps]).exif == bytes)
    var twice = exif
    twice.replaceSubrange(34..<46, with: exif[22..<34])
    let once = try #require(PictureMetadata(exif: twice).without([.gps]).exif)
    #expect(once.firstRange(of: [0x88, 0x25]) == nil && once[8...9] == [0, 1])
    for (place, value) in [(25, UInt8(2)), (33, 250), (9, 250), (55, 99), (63, 250)] {
      var broken = exif
      broken[place] = value
      #expect(PictureMetadata(exif: broken).without([.gps]).exif == nil, "\(place)")
    }
    var generator = SeededGenerator(seed: 9)
    for _ in 0..<5000 {
      var damaged = exif
      for _ in 0..<3 {
        damaged[Int.random(in: 2..<exif.count, using: &generator)] = UInt8.random(
          in: 0...255, using: &generator)
      }
      let metadata = PictureMetadata(exif: damaged).without([.gps]).describing(width: 3, height: 4)
      #expect(metadata.exif?.count ?? damaged.count == damaged.count)
    }
  }

  @Test(
    arguments: [
      ([0, 0, 0, 24] + Array("ftypheic".utf8), "HEIC", "heif-convert"),
      (
        [0, 0, 0, 24] + Array("ftypmif1".utf8) + [0, 0, 0, 0] + Array("mif1avif".utf8), "AVIF",
        "avifdec"
      ),
      ([0, 0, 0, 24] + Array("ftypavif".utf8), "AVIF", "avifdec"),
      ([0xFF, 0x0A, 1, 2], "JPEG XL", "djxl"),
      ([0, 0, 0, 12] + Array("JXL \r\n".utf8), "JPEG XL", "djxl"),
      (Array("GIF89a".utf8), "GIF", "magick"),
      (Array("II*\0".utf8), "TIFF", "magick"), (Array("MM\0*".utf8), "TIFF", "magick"),
      (Array("BM".utf8) + [UInt8](repeating: 0, count: 16), "BMP", "magick"),
      (Array("8BPS".utf8), "PSD", "magick"),
      (Array("%PDF-1.4".utf8), "PDF", "pdftoppm"),
      (Array("<?xml version='1.0'?>\n<svg>".utf8), "SVG", "rsvg-convert"),
      (Array("FUJIFILMCCD-RAW".utf8), "camera raw", "dcraw"),
      ([0, 5, 0x16, 7], "AppleDouble", "._"),
    ] as [([UInt8], String, String)])
  func otherFormatsAreRefusedByName(bytes: [UInt8], name: String, command: String) {
    let error = #expect(throws: PixelIOError.self) { try PictureReader().read(bytes) }
    #expect(
      error?.description.hasPrefix(name) == true && error?.description.contains(command) == true)
  }
}

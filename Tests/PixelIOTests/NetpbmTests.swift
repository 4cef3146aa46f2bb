import GQCodec
import Testing

@testable import GQPixelIO

@Suite struct NetpbmTests {
  @Test(arguments: [(1, 1), (7, 3), (64, 20)], Picture.ColorType.allCases)
  func comesBack(size: (Int, Int), type: Picture.ColorType) throws {
    var generator = SeededGenerator(seed: 4)
    let picture = Picture.noise(
      width: size.0, height: size.1, colorType: type, using: &generator)
    let bytes = try NetpbmWriter().write(picture)
    #expect(try PictureReader(isStrict: true).read(bytes) == picture)
    for count in bytes.indices {
      #expect(throws: PixelIOError.self) { try PictureReader().read(Array(bytes.prefix(count))) }
    }
    for (more, conversion): ([UInt8], Conversion) in [
      ([10], .irregular("bytes after the picture")),
      (bytes, .notKept(["further pictures of the file"])),
    ] {
      let file = try PictureReader().open(bytes + more)
      #expect(file.picture == picture && file.conversions == [conversion])
      #expect(throws: PixelIOError.notExact(.netpbm, conversion)) {
        try PictureReader(isStrict: true).read(bytes + more)
      }
    }
  }

  @Test(arguments: [
    ("P5 2 1 255 ", [0x0A, 0xFF] as [UInt8], [0x0A, 0xFF] as [UInt8]),
    ("P5\r\n2 1\r\n255\r\n", [10, 13], [10, 13]),
    ("P4 3 2\n", [0b0101_1111, 0b1010_0000], [255, 0, 255, 0, 255, 0]),
    ("P4\n9 1\n", [0, 0x80], [255, 255, 255, 255, 255, 255, 255, 255, 0]),
    ("P1\n3 2\n010 1 0#x\n1\n", [], [255, 0, 255, 0, 255, 0]),
    (
      "P7\nWIDTH 2\nHEIGHT 1\n# remark\nDEPTH 1\nMAXVAL 255\nTUPLTYPE GRAYSCALE\nENDHDR\n", [7, 8],
      [7, 8]
    ),
    (
      "P7\nWIDTH 2\nHEIGHT 1\nDEPTH 1\nMAXVAL 1\nTUPLTYPE BLACKANDWHITE\nENDHDR\n", [0, 1],
      [0, 255]
    ),
    ("P5\n# a remark\n2 # and one\n1\n15\n", [0, 15], [0, 255]),
    ("P5 3 1 1\n", [0, 1, 0], [0, 255, 0]), ("P5 2 1 65535\n", [0xFF, 0xFF, 0, 128], [255, 0]),
    ("P5 2 1 65535\n", [0, 129, 1, 1], [1, 1]), ("P5 1 1 1000\n", [1, 0xF4], [128]),
    ("P2 3 1 255\n0 17  255\n", [], [0, 17, 255]), ("P2\n1 2\n7\n7\n# end\n0", [], [255, 0]),
  ])
  func readsGrey(header: String, body: [UInt8], samples: [UInt8]) throws {
    let picture = try PictureReader().read(Array(header.utf8) + body)
    #expect(picture.colorType == .grey && picture.samples == samples)
  }

  @Test func readsAlphaOfPAM() throws {
    let picture = try PictureReader().read(
      Array("P7\nWIDTH 1\nHEIGHT 2\nDEPTH 4\nMAXVAL 255\nTUPLTYPE RGB_ALPHA\nENDHDR\n".utf8)
        + [1, 2, 3, 4, 5, 6, 7, 8])
    #expect(picture.samples == [1, 2, 3, 5, 6, 7] && picture.alpha == [4, 8])
  }

  @Test func readsPlainColours() throws {
    let picture = try PictureReader().read(Array("P3 2 1 255 1 2 3 4 5 6\n".utf8))
    #expect(picture.colorType == .rgb && picture.samples == [1, 2, 3, 4, 5, 6])
  }

  @Test func strictReadersRefuseSixteenBits() {
    let bytes = Array("P5 1 1 256\n".utf8) + [0, 9]
    #expect(throws: PixelIOError.notExact(.netpbm, .roundedSamples(bits: 16))) {
      try PictureReader(isStrict: true).read(bytes)
    }
  }

  @Test(arguments: [
    "P5", "P5 ", "P52 1 255 ab", "P5 2 1 255", "P5 2 1 0 ab", "P5 0 1 255 ", "P5 2 1 65536 abcd",
    "P5 2 -1 255 ab", "P5 x 1 255 ab", "P5 2 1 255#ab", "P5 2 1 9 ab", "P2 2 1 255 1",
    "P2 2 1 255 1 256", "P3 1 1 255 1 2", "P5 99999999999 1 255 a",
    "P5 70000 1 255 a", "P5 65535 65535 255 a", "P5 60000 4000 255 a", "P4 1 1 ", "P7 1 1 a",
    "P7\nWIDTH 1\nHEIGHT 1\nDEPTH 5\nMAXVAL 255\nENDHDR\nabcde",
    "P7\nWIDTH 1\nHEIGHT 1\nDEPTH 1\nENDHDR\na", "P1 2 1 02", "P1 2 1 1", "P7\nWIDTH 1\nHEIGHT 1",
  ])
  func refuses(text: String) {
    #expect(throws: PixelIOError.self) { try PictureReader().read(Array(text.utf8)) }
  }

  @Test func garbageNeverTraps() {
    var generator = SeededGenerator(seed: 6)
    let start = Array("P6 12 9 255\n".utf8)
    for _ in 0..<3000 {
      var bytes = start + Array(repeating: 50, count: 324)
      for _ in 0..<3 {
        bytes[Int.random(in: 1..<14, using: &generator)] =
          Array("0123456789# \nP".utf8).randomElement(using: &generator) ?? 0
      }
      do throws(PixelIOError) {
        _ = try PictureReader().read(bytes)
      } catch {
        #expect(!error.description.isEmpty)
      }
    }
  }
}

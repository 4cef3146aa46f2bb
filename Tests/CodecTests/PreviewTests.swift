import GQBitstream
import GQCodec
import GQPixelIO
import Testing

@Suite struct PreviewTests {
  @Test func previewComesBackAndCounts() throws {
    let network = try makeTinyNetwork()
    let picture = madeUpPicture(width: 400, height: 130)
    let encoder = GQEncoder(network: network)
    let small = try encoder.encode(picture.fitted(within: GQDecoder.previewSide)).bytes
    let without = try encoder.encode(picture).bytes
    let with = try encoder.encode(picture, options: EncodingOptions(preview: small)).bytes
    #expect(try GQDecoder.preview(of: with) == small)
    #expect(try GQDecoder.preview(of: without) == nil)
    // One byte of type, two of length, four of checksum.
    #expect(with.count == without.count + small.count + (small.count < 128 ? 6 : 7))
    let decoder = GQDecoder(network: network)
    #expect(try decoder.decode(with) == decoder.decode(without))
    #expect(try decoder.decode(small).width == 256)
    let limited = EncodingOptions(target: .bytes(small.count + 1000), preview: small)
    #expect(try encoder.encode(picture, options: limited).bytes.count <= small.count + 1000)
  }

  @Test func otherPreviewsAreRefused() throws {
    let network = try makeTinyNetwork()
    let encoder = GQEncoder(network: network)
    let picture = madeUpPicture(width: 300, height: 40)
    let tooLarge = try encoder.encode(picture).bytes
    for payload in [tooLarge, [], [1, 2, 3], Array(tooLarge.prefix(20))] {
      let file = try encoder.encode(picture, options: EncodingOptions(preview: payload)).bytes
      #expect(throws: BitstreamError.self) { try GQDecoder.preview(of: file) }
      #expect(try GQDecoder(network: network).decode(file).width == 300)
    }
  }

  /// Rows as a large file deals them out, however many at a time.
  private struct Rows: PictureSource {
    let picture: Picture
    let step: Int
    var width: Int { picture.width }
    var height: Int { picture.height }
    var colorType: Picture.ColorType { picture.colorType }
    var metadata: PictureMetadata { picture.metadata }

    func forEachRows(_ count: Int, _ body: ([UInt8]) throws -> Void) throws {
      let length = width * colorType.componentCount
      for first in stride(from: 0, to: height, by: step) {
        try body(
          Array(picture.samples[first * length..<min(height, first + step) * length]))
      }
    }
  }

  @Test(arguments: [(400, 130), (300, 520), (37, 21), (700, 3), (257, 256)])
  func rowsAreFittedAsPicturesAre(width: Int, height: Int) throws {
    let picture = madeUpPicture(width: width, height: height)
    for step in [1, 7, 1000] {
      let found = try Rows(picture: picture, step: step).fitted(within: 256)
      #expect(found == picture.fitted(within: 256))
    }
  }
}

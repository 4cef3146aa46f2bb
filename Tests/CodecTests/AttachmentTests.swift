import GQBitstream
import GQMetrics
import GQModel
import GQPixelIO
import Testing

@testable import GQCodec

/// Alpha and metadata in files.
struct AttachmentTests {
  /// A photograph cut out by a disc with a soft edge, with wild colours where no one sees them.
  private func cutOut() throws -> Picture {
    let photograph = try samplePicture("chelsea.png").cropped(
      x: 100, y: 40, width: 200, height: 160)
    var samples = photograph.samples
    var alpha: [UInt8] = []
    for y in 0..<160 {
      for x in 0..<200 {
        let distance = Double((x - 90) * (x - 90) + (y - 80) * (y - 80)).squareRoot()
        alpha.append(UInt8(max(0, min(255, (60 - distance) * 60))))
        if alpha.last == 0 {
          for c in 0..<3 {
            samples[(y * 200 + x) * 3 + c] = UInt8((x * 91 + y * 57 + c * 33) & 255)
          }
        }
      }
    }
    return Picture(width: 200, height: 160, colorType: .rgb, samples: samples, alpha: alpha)
  }

  private func visibleError(_ a: Picture, _ b: Picture) -> Double {
    let alpha = a.alpha ?? []
    var (sum, count) = (0.0, 0.0)
    for pixel in alpha.indices where alpha[pixel] != 0 {
      for c in 0..<3 {
        let difference = Double(a.samples[pixel * 3 + c]) - Double(b.samples[pixel * 3 + c])
        sum += difference * difference
        count += 1
      }
    }
    return sum / count
  }

  @Test func alphaComesBackExactly() throws {
    let picture = try cutOut()
    let target = 2500
    let bytes = try makeEncoder().encode(picture, options: EncodingOptions(target: .bytes(target)))
      .bytes
    #expect(bytes.count <= target && bytes.count > target - 40)
    let decoded = try makeDecoder().decode(bytes)
    #expect(decoded.alpha == picture.alpha)

    // What is not seen costs little: the same bytes for the opaque picture give visible pixels far worse.
    let opaque = Picture(width: 200, height: 160, colorType: .rgb, samples: picture.samples)
    let other = try makeDecoder().decode(
      try makeEncoder().encode(opaque, options: EncodingOptions(target: .bytes(target))).bytes)
    #expect(visibleError(picture, decoded) < 0.6 * visibleError(picture, other))
  }

  @Test func hiddenColoursDoNotMatter() throws {
    let picture = try cutOut()
    var samples = picture.samples
    for (pixel, value) in (picture.alpha ?? []).enumerated() where value == 0 {
      for c in 0..<3 { samples[pixel * 3 + c] = 9 }
    }
    let other = Picture(
      width: picture.width, height: picture.height, colorType: picture.colorType, samples: samples,
      alpha: picture.alpha, metadata: picture.metadata)
    #expect(other != picture)
    let options = EncodingOptions(target: .quality(40))
    #expect(
      try makeEncoder().encode(other, options: options).bytes
        == makeEncoder().encode(picture, options: options).bytes)
  }

  @Test func visiblePixelsStay() throws {
    let picture = try cutOut()
    let filled = picture.fillingTransparentPixels()
    for (pixel, value) in (picture.alpha ?? []).enumerated() where value != 0 {
      #expect(
        filled.samples[pixel * 3..<pixel * 3 + 3] == picture.samples[pixel * 3..<pixel * 3 + 3])
    }
    #expect(filled.alpha == picture.alpha)
  }

  @Test(arguments: Picture.ColorType.allCases, [(1, 1), (33, 17), (16, 200)])
  func wholePicturesMayBeClear(_ type: Picture.ColorType, _ size: (Int, Int)) throws {
    let count = size.0 * size.1
    let picture = Picture(
      width: size.0, height: size.1, colorType: type,
      samples: (0..<count * type.componentCount).map { UInt8($0 * 37 & 255) },
      alpha: Array(repeating: 0, count: count))
    #expect(picture.fillingTransparentPixels().samples.allSatisfy { $0 == 0 })
    let bytes = try makeEncoder().encode(picture, options: EncodingOptions(target: .quality(30)))
      .bytes
    #expect(bytes.count < 130)
    let decoded = try makeDecoder().decode(bytes)
    #expect(decoded.alpha == picture.alpha && decoded.colorType == type)
  }

  @Test func metadataComesBackAndCounts() throws {
    var picture = try samplePicture("chelsea.png").cropped(x: 0, y: 0, width: 128, height: 96)
    picture.metadata = PictureMetadata(
      iccProfile: Array(repeating: 3, count: 500), exif: [1, 2, 3], xmp: Array("<x/>".utf8))
    for target in [RateTarget.bytes(1500), .bitsPerPixel(1), .quality(50)] {
      let bytes = try makeEncoder().encode(picture, options: EncodingOptions(target: target)).bytes
      if target != .quality(50) { #expect(bytes.count <= 1536 && bytes.count > 1450) }
      #expect(try makeDecoder().decode(bytes).metadata == picture.metadata)
    }
    // The codes do not depend on it.
    var plain = picture
    plain.metadata = PictureMetadata()
    let options = EncodingOptions(target: .quality(50))
    let (with, without) = (
      try CodedPicture(parsing: makeEncoder().encode(picture, options: options).bytes),
      try CodedPicture(parsing: makeEncoder().encode(plain, options: options).bytes)
    )
    #expect(with.segments == without.segments && with.levelMap == without.levelMap)
  }

  @Test func tooSmallTargetsNameTheReason() throws {
    var picture = try cutOut()
    picture.metadata.iccProfile = Array(repeating: 3, count: 900)
    let error = #expect(throws: CodecError.self) {
      try makeEncoder().encode(picture, options: EncodingOptions(target: .bytes(700)))
    }
    guard case .noRoomForAttachments(700, let smallest, 900, 0, let alpha) = error else {
      Issue.record("\(String(describing: error))")
      return
    }
    #expect(smallest > 900 + alpha && smallest < 1000 + alpha && alpha > 50)
    #expect(error?.description.contains("900 are metadata") == true)
    // The smallest that is named does fit.
    let bytes = try makeEncoder().encode(
      picture, options: EncodingOptions(target: .bytes(smallest))
    ).bytes
    #expect(bytes.count == smallest)
  }

  @Test func tooLargeMetadataIsRefused() throws {
    var picture = try samplePicture("chelsea.png").cropped(x: 0, y: 0, width: 16, height: 16)
    let limit = DecodeLimits().maxAncillaryBytes
    picture.metadata.xmp = Array(repeating: 65, count: limit + 1)
    #expect(throws: CodecError.metadataTooLarge("XMP", found: limit + 1, limit: limit)) {
      try makeEncoder().encode(picture)
    }
  }

  @Test func damagedAlphaIsAnError() throws {
    let picture = try cutOut()
    let coded = try CodedPicture(
      parsing: makeEncoder().encode(picture, options: EncodingOptions(target: .quality(10))).bytes)
    func replaced(_ payload: [UInt8]) -> [UInt8] {
      CodedPicture(
        header: coded.header, rateTable: coded.rateTable, levelMap: coded.levelMap,
        segments: coded.segments,
        ancillary: [Chunk(ancillary: Chunk.alpha, payload: payload)]
      ).serialized()
    }
    let good = try #require(coded.ancillary.first).payload
    #expect(try makeDecoder().decode(replaced(good)).alpha == picture.alpha)
    for payload in [[], [2], [0, 1], good + [0], Array(good.prefix(1)) + [0]] {
      #expect(throws: BitstreamError.self) { try makeDecoder().decode(replaced(payload)) }
    }
  }
}

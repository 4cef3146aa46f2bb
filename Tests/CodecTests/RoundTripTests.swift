import GQBitstream
import GQCodec
import GQMetrics
import GQModel
import GQPixelIO
import InstructionSets
import Testing

struct RoundTripTests {
  @Test(arguments: [(1, 1), (1, 40), (17, 33), (16, 16), (100, 37), (15, 16)])
  func everySizeComesBack(_ size: (Int, Int)) throws {
    for name in ["sample.png", "camera.png"] {
      let picture = try samplePicture(name).cropped(x: 200, y: 120, width: size.0, height: size.1)
      let bytes = try makeEncoder().encode(picture, options: EncodingOptions(target: .quality(90)))
        .bytes
      let decoded = try makeDecoder().decode(bytes)
      #expect(decoded.width == picture.width && decoded.height == picture.height)
      #expect(decoded.colorType == picture.colorType)
      #expect(try PSNR.decibels(picture, decoded) > 24)
    }
  }

  /// RGB of three equal components is coded as grey and comes back as RGB of three equal components.
  @Test(arguments: [false, true]) func neutralColorsStayNeutral(_ isLossless: Bool) throws {
    let grey = try samplePicture("camera.png").cropped(x: 100, y: 60, width: 150, height: 90)
    let tripled = grey.samples.flatMap { [$0, $0, $0] }
    let picture = Picture(width: 150, height: 90, colorType: .rgb, samples: tripled)
    var options = EncodingOptions(target: .quality(50))
    options.isLossless = isLossless
    let bytes = try makeEncoder().encode(picture, options: options).bytes
    #expect(try CodedPicture(parsing: bytes).header.colorType == .neutral)
    #expect(bytes.count == (try makeEncoder().encode(grey, options: options).bytes.count))
    let decoded = try makeDecoder().decode(bytes)
    let expected = try makeDecoder().decode(try makeEncoder().encode(grey, options: options).bytes)
    #expect(decoded.colorType == .rgb)
    #expect(decoded.samples == expected.samples.flatMap { [$0, $0, $0] })
    #expect(!isLossless || decoded.samples == tripled)
    let region = PixelRegion(x: 33, y: 20, width: 40, height: 50)
    let part = try makeDecoder().open(bytes, region: region).picture()
    #expect(part == decoded.cropped(x: 33, y: 20, width: 40, height: 50))
  }

  @Test func oneColorKeepsAll() throws {
    var picture = try samplePicture("camera.png").cropped(x: 0, y: 0, width: 64, height: 150)
    var samples = picture.samples.flatMap { [$0, $0, $0] }
    samples[samples.count - 1] ^= 1
    picture = Picture(width: 64, height: 150, colorType: .rgb, samples: samples)
    let bytes = try makeEncoder().encode(picture).bytes
    #expect(try CodedPicture(parsing: bytes).header.colorType == .rgb)
  }

  @Test func flatPicturesAreNearlyExact() throws {
    for value: UInt8 in [0, 128, 255] {
      let picture = Picture(
        width: 48, height: 48, colorType: .grey, samples: Array(repeating: value, count: 48 * 48))
      let bytes = try makeEncoder().encode(picture, options: EncodingOptions(target: .quality(80)))
        .bytes
      #expect(try PSNR.decibels(picture, try makeDecoder().decode(bytes)) > 30)
    }
  }

  @Test func moreBytesAreBetter() throws {
    let picture = try samplePicture("chelsea.png").cropped(x: 60, y: 20, width: 256, height: 256)
    var last = 0.0
    for rate in [0.1, 0.25, 0.5, 1, 2] {
      let bytes = try makeEncoder().encode(
        picture, options: EncodingOptions(target: .bitsPerPixel(rate))
      ).bytes
      let quality = try PSNR.decibels(picture, try makeDecoder().decode(bytes))
      #expect(quality > last + 0.5, "\(rate) bpp")
      last = quality
    }
  }

  @Test func chosenLevelsBeatOneLevel() throws {
    let picture = try samplePicture("sample.png")
    func quality(uniform: Bool) throws -> Double {
      let options = EncodingOptions(target: .bitsPerPixel(0.5), uniform: uniform)
      return try PSNR.decibels(
        picture, try makeDecoder().decode(try makeEncoder().encode(picture, options: options).bytes)
      )
    }
    #expect(try quality(uniform: false) > quality(uniform: true) + 0.5)
  }

  @Test func codewordsCostLittleAgainstSamplesOfThePosterior() throws {
    let picture = try samplePicture("sample.png").cropped(x: 100, y: 40, width: 320, height: 256)
    let result = try makeEncoder().encode(
      picture, options: EncodingOptions(target: .bitsPerPixel(0.5)))
    let coded = try PSNR.decibels(picture, try makeDecoder().decode(result.bytes))
    let sampled = try PSNR.decibels(
      picture, try makeEncoder().posteriorSample(picture, levelMap: result.levelMap))
    #expect(sampled > coded - 0.2)
    #expect(sampled < coded + 1.5)
  }

  @Test(arguments: [false, true])
  func sameInputSameBytes(_ uniform: Bool) throws {
    let picture = try samplePicture("chelsea.png").cropped(x: 0, y: 0, width: 200, height: 150)
    let options = EncodingOptions(target: .bitsPerPixel(0.7), uniform: uniform)
    let reference = try makeEncoder().encode(picture, options: options).bytes
    #expect(try makeEncoder().encode(picture, options: options).bytes == reference)
    let picturePixels = try makeDecoder().decode(reference)
    for threads in [1, 3] {
      let other = try Network(
        parsing: try ModelFile.read(), pool: WorkerPool(threadCount: threads))
      #expect(try GQEncoder(network: other).encode(picture, options: options).bytes == reference)
      #expect(try GQDecoder(network: other).decode(reference) == picturePixels)
    }
  }

  /// With every kind of instructions that this processor has.
  @Test func sameBytesAndPixelsFromEveryInstructionSet() throws {
    let picture = try samplePicture("chelsea.png").cropped(x: 40, y: 20, width: 176, height: 97)
    let options = EncodingOptions(target: .bitsPerPixel(0.5))
    let bytes = try results { try makeEncoder().encode(picture, options: options).bytes }
    try results { try makeDecoder().decode(bytes) }
  }
}

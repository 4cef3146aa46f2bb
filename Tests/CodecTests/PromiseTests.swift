import GQBitstream
import GQCodec
import GQModel
import Testing

/// What the encoder promises about sizes.
struct PromiseTests {
  @Test(arguments: [0.08, 0.25, 0.5, 1.3], [false, true])
  func ratesAreKeptAndUsed(_ rate: Double, _ uniform: Bool) throws {
    for (name, width, height) in [("sample.png", 600, 400), ("camera.png", 256, 256)] {
      let picture = try samplePicture(name).cropped(x: 0, y: 0, width: width, height: height)
      let allowed = Int(rate * Double(width * height) / 8)
      let options = EncodingOptions(target: .bitsPerPixel(rate), uniform: uniform, effort: 1)
      let count = try makeEncoder().encode(picture, options: options).bytes.count
      #expect(count <= allowed)
      #expect(Double(count) >= 0.99 * Double(allowed), "\(name): \(count) of \(allowed)")
    }
  }

  @Test(arguments: [200, 1000, 1001, 2500])
  func sizesAreKeptForSmallPictures(_ size: Int) throws {
    let picture = try samplePicture("chelsea.png").cropped(x: 100, y: 80, width: 90, height: 70)
    let count = try makeEncoder().encode(picture, options: EncodingOptions(target: .bytes(size)))
      .bytes.count
    // One rate level and a changed level map are the smallest step.
    #expect(count <= size && count > size - 40)
  }

  @Test func aHugeAllowanceTakesTheLeastErrorEverywhere() throws {
    let picture = try samplePicture("sample.png").cropped(x: 0, y: 0, width: 64, height: 48)
    let result = try makeEncoder().encode(
      picture, options: EncodingOptions(target: .bytes(1 << 20), graphics: .off))
    let bits = network.levels.bits
    #expect(result.levelMap.levels.allSatisfy { bits[Int($0)] > 200 })
    #expect(result.bytes.count < 1 << 14)
  }

  @Test func theImpossibleIsRefused() throws {
    let picture = try samplePicture("sample.png")
    for target in [RateTarget.bytes(20), .bitsPerPixel(0.0005)] {
      #expect(throws: CodecError.self) {
        try makeEncoder().encode(picture, options: EncodingOptions(target: target))
      }
    }
    for options in [
      EncodingOptions(effort: 0), EncodingOptions(target: .quality(101)),
      EncodingOptions(target: .quality(.nan)), EncodingOptions(target: .bitsPerPixel(-1)),
      EncodingOptions(target: .bytes(0)),
    ] {
      #expect(throws: CodecError.self) { try makeEncoder().encode(picture, options: options) }
    }
  }

  @Test func effortsAllWork() throws {
    let picture = try samplePicture("chelsea.png").cropped(x: 100, y: 50, width: 128, height: 96)
    for effort in 1...9 {
      let options = EncodingOptions(target: .bitsPerPixel(0.8), effort: effort)
      #expect(try makeEncoder().encode(picture, options: options).bytes.count <= 128 * 96 / 10)
    }
  }
}

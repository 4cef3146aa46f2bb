import Testing

@testable import GQBitstream

@Suite struct ContextCodedPixelsTests {
  struct Numbers {
    var state: UInt64
    mutating func next(_ count: Int) -> Int {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return Int(state >> 33) % count
    }
  }

  /// Samples of a kind of picture.
  enum Kind: CaseIterable {
    case flat, stripes, glyphs, ramps, noise, grey

    func samples(width: Int, height: Int) -> [UInt8] {
      var numbers = Numbers(state: 11)
      return (0..<height).flatMap { y in
        (0..<width).flatMap { x -> [UInt8] in
          switch self {
          case .flat: return [10, 200, 30]
          case .stripes: return x / 3 % 2 == 0 ? [255, 255, 255] : [UInt8(y & 255), 0, 9]
          case .glyphs:
            let isInk = (x % 7 * 5 + y % 11 * 3 + x / 7 % 5) % 4 == 0 && y % 11 < 8
            return isInk ? [30, 40, UInt8(50 + x / 7 % 5 * 20)] : [250, 250, 240]
          case .ramps: return [UInt8(x & 255), UInt8(y & 255), UInt8((x + y) & 255)]
          case .noise: return (0..<3).map { _ in UInt8(numbers.next(256)) }
          case .grey: return [UInt8](repeating: UInt8(numbers.next(3) * 100), count: 3)
          }
        }
      }
    }
  }

  @Test(
    arguments: Kind.allCases,
    [(1, 1), (2, 1), (1, 9), (5, 4), (16, 16), (17, 33), (300, 7), (1024, 18), (64, 64)])
  func pixelsComeBack(kind: Kind, size: (width: Int, height: Int)) throws {
    let (width, height) = size
    let samples = kind.samples(width: width, height: height)
    let isGrey = kind == .grey
    guard
      let (bytes, positionBits) = ContextCodedPixels.encode(
        samples, width: width, height: height, isGrey: isGrey)
    else {
      #expect([.noise, .ramps].contains(kind))
      return
    }
    #expect(bytes.first == ContextCodedPixels.signature)
    #expect(
      ContextCodedPixels.decode(bytes[...], width: width, height: height, isGrey: isGrey)
        == samples)
    #expect(positionBits.count == (width + 15) / 16 * ((height + 15) / 16))
    // Up to what ending the code takes, and zeros that are left out.
    #expect(abs(positionBits.reduce(0, +) - 8 * (bytes.count - 1)) <= 40)
    #expect(positionBits.allSatisfy { $0 >= 0 })
  }

  @Test func manyColoursAreLeftToOthers() {
    let samples = Kind.noise.samples(width: 256, height: 256)
    #expect(
      ContextCodedPixels.encode(samples, width: 256, height: 256, isGrey: false) == nil)
    // Decoders refuse random bytes, most pixels of which are escapes.
    var numbers = Numbers(state: 5)
    let bytes = [1] + (0..<400_000).map { _ in UInt8(1 + numbers.next(255)) }
    #expect(ContextCodedPixels.decode(bytes[...], width: 512, height: 512, isGrey: false) == nil)
  }

  @Test func repetitionCostsLittle() throws {
    let flat = try #require(
      ContextCodedPixels.encode(
        Kind.flat.samples(width: 1024, height: 1024), width: 1024, height: 1024, isGrey: false))
    #expect(flat.bytes.count < 20)
    let glyphs = try #require(
      ContextCodedPixels.encode(
        Kind.glyphs.samples(width: 512, height: 512), width: 512, height: 512, isGrey: false))
    // A twentieth of a bit a pixel.
    #expect(glyphs.bytes.count < 512 * 512 / 8 / 20)
  }

  @Test func otherBytesAreRefusedOrOtherPixels() throws {
    let samples = Kind.glyphs.samples(width: 60, height: 40)
    let bytes = try #require(
      ContextCodedPixels.encode(samples, width: 60, height: 40, isGrey: false)
    ).bytes
    for place in bytes.indices {
      var damaged = bytes
      damaged[place] ^= 0x41
      let decoded = ContextCodedPixels.decode(damaged[...], width: 60, height: 40, isGrey: false)
      #expect(decoded != samples, "byte \(place)")
    }
    #expect(ContextCodedPixels.decode([], width: 60, height: 40, isGrey: false) == nil)
    #expect(ContextCodedPixels.decode([2], width: 60, height: 40, isGrey: false) == nil)
    #expect(
      ContextCodedPixels.decode((bytes + [0])[...], width: 60, height: 40, isGrey: false) == nil)
    #expect(
      ContextCodedPixels.decode(
        (bytes + [1, 2, 3, 4, 5])[...], width: 60, height: 40, isGrey: false) == nil)
  }
}

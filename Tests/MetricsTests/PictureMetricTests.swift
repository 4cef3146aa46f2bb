import GQCodec
import Testing

@testable import GQMetrics

@Suite struct PictureMetricTests {
  @Test func agreesWithOthers() throws {
    let pairs = try Golden.load().pictures
    #expect(pairs.count >= 14)
    for pair in pairs {
      let pictures = ["none", pair.distortion].map {
        PatternedPicture.make(
          width: pair.width, height: pair.height, components: pair.components, distortion: $0,
          strength: pair.strength)
      }
      let (first, second) = (pictures[0], pictures[1])
      let sums = pictures.map { $0.samples.reduce(0) { $0 + Int($1) } }
      try #require(sums == pair.sums, "the formulas have drifted apart")

      let error = try meanSquaredError(first, second)
      #expect(abs(error - pair.meanSquaredError) <= 1e-9 * error)
      expectNear(try SSIM.value(first, second), pair.ssim, "SSIM of \(pair)")
      expectNear(try MSSSIM.value(first, second), pair.msssim, "MS-SSIM of \(pair)")
      let score = try #require(try SSIMULACRA2.score(first, second))
      #expect(abs(score - pair.ssimulacra2) < 0.05, "SSIMULACRA2 \(score) of \(pair)")
    }
  }

  private func expectNear(_ value: Double?, _ golden: Double?, _ comment: Comment) {
    switch (value, golden) {
    case (nil, nil): break
    case (let value?, let golden?): #expect(abs(value - golden) < 1e-5, comment)
    default: Issue.record(comment)
    }
  }

  @Test func equalPictures() throws {
    let picture = PatternedPicture.make(
      width: 170, height: 165, components: 3, distortion: "none", strength: 0)
    #expect(try meanSquaredError(picture, picture) == 0)
    #expect(try PSNR.decibels(picture, picture) == .infinity)
    #expect(try SSIM.value(picture, picture) == 1)
    #expect(try MSSSIM.value(picture, picture) == 1)
    #expect(try SSIMULACRA2.score(picture, picture) == 100)
  }

  @Test func alphaIsSeenOnBlackAndOnWhite() throws {
    let opaque = PatternedPicture.make(
      width: 64, height: 48, components: 3, distortion: "none", strength: 0)
    let noisy = PatternedPicture.make(
      width: 64, height: 48, components: 3, distortion: "noise", strength: 20)
    func transparent(_ picture: Picture, _ alpha: [UInt8]) -> Picture {
      Picture(
        width: 64, height: 48, colorType: .rgb, samples: picture.samples, alpha: alpha)
    }
    let half = (0..<(64 * 48)).map { UInt8($0 % 64 < 32 ? 0 : 200) }
    let (first, second) = (transparent(opaque, half), transparent(noisy, half))
    let scores = try [0, 255].map {
      try #require(try SSIMULACRA2.score(first.flattened(on: $0), second.flattened(on: $0)))
    }
    #expect(try SSIMULACRA2.score(first, second) == scores.min())
    #expect(scores[0] != scores[1])
    let hidden = [UInt8](repeating: 0, count: 64 * 48)
    #expect(try SSIMULACRA2.score(transparent(opaque, hidden), transparent(noisy, hidden)) == 100)
    // What is black on black still shows on white.
    let black = Picture(
      width: 64, height: 48, colorType: .grey, samples: [UInt8](repeating: 0, count: 64 * 48),
      alpha: half)
    let clear = Picture(
      width: 64, height: 48, colorType: .grey, samples: black.samples, alpha: hidden)
    #expect(black.flattened(on: 0) == clear.flattened(on: 0))
    #expect(try #require(try SSIMULACRA2.score(black, clear)) < 100)
    let tiny = Picture(
      width: 8, height: 7, colorType: .grey, samples: [UInt8](repeating: 0, count: 56))
    #expect(try SSIMULACRA2.score(tiny, tiny) == nil)
  }

  @Test func knownDecibels() throws {
    let black = Picture(width: 3, height: 2, colorType: .grey, samples: [0, 0, 0, 0, 0, 0])
    let white = Picture(
      width: 3, height: 2, colorType: .grey, samples: [255, 255, 255, 255, 255, 255])
    #expect(try PSNR.decibels(black, white) == 0)
    #expect(abs(PSNR.decibels(meanSquaredError: 1) - 48.130803608679) < 1e-9)
    #expect(abs(PSNR.meanSquaredError(decibels: 48.130803608679) - 1) < 1e-9)
  }

  /// The sum runs in parts; it must not overflow or lose the rest.
  @Test(arguments: [1, 32767, 32768, 32769, 200_001])
  func squaredErrorsAreExact(count: Int) {
    let zeros = [UInt8](repeating: 0, count: count)
    let full = [UInt8](repeating: 255, count: count)
    #expect(squaredErrorSum(zeros, full) == UInt64(count) * 65025)
    #expect(squaredErrorSum(full, zeros) == UInt64(count) * 65025)
  }

  @Test func shapesMustAgree() throws {
    let grey = Picture(width: 2, height: 1, colorType: .grey, samples: [0, 0])
    let tall = Picture(width: 1, height: 2, colorType: .grey, samples: [0, 0])
    let error = MetricError.shapesDiffer(.init(of: grey), .init(of: tall))
    #expect(throws: error) { try PSNR.decibels(grey, tall) }
    #expect(throws: error) { try SSIM.value(grey, tall) }
    #expect(throws: error) { try MSSSIM.value(grey, tall) }
    #expect(throws: error) { try SSIMULACRA2.score(grey, tall) }
    #expect(
      error.description
        == "pictures of different shape cannot be compared: 2 x 1 grey and 1 x 2 grey")
  }
}

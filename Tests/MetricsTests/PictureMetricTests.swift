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
    #expect(
      error.description
        == "pictures of different shape cannot be compared: 2 x 1 grey and 1 x 2 grey")
  }
}

import GQCodec
import Testing

@testable import GQMetrics

@Suite struct LumaTests {
  private func rgb(_ samples: [UInt8]) -> Picture {
    Picture(width: samples.count / 3, height: 1, colorType: .rgb, samples: samples)
  }

  /// A difference in one component alone counts with the component's weight.
  @Test(arguments: [(0, 0.299), (1, 0.587), (2, 0.114)])
  func componentsHaveTheirWeights(component: Int, weight: Double) throws {
    var samples: [UInt8] = [10, 20, 30]
    samples[component] += 100
    let error = weight * weight * 100 * 100
    let decibels = try PSNR.lumaDecibels(rgb([10, 20, 30]), rgb(samples))
    #expect(abs(decibels - PSNR.decibels(meanSquaredError: error)) < 1e-9)
  }

  @Test func differencesMayCancel() throws {
    // 587 units of red against 299 of green: less than a thousandth of a level remains.
    let (first, second) = (rgb([200, 0, 9, 50, 60, 70]), rgb([0, 102, 8, 50, 60, 70]))
    let luma = 299.0 * 200 - 587 * 102 + 114
    let expected = PSNR.decibels(meanSquaredError: luma * luma * 1e-6 / 2)
    #expect(abs(try PSNR.lumaDecibels(first, second) - expected) < 1e-9)
    #expect(try PSNR.lumaDecibels(first, first) == .infinity)
  }

  @Test func greyIsItsOwnLuma() throws {
    let pictures = ["none", "noise"].map {
      PatternedPicture.make(
        width: 40, height: 30, components: 1, distortion: $0, strength: 9)
    }
    #expect(
      try PSNR.lumaDecibels(pictures[0], pictures[1]) == PSNR.decibels(pictures[0], pictures[1]))
  }
}

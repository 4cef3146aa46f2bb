import GaussianQuant
import Testing

@Suite struct NormalQuantileTests {
  /// Probabilities and quantiles, from SciPy's `ndtri` refined with 40 digits in mpmath.
  static let known: [(Double, Double)] = [
    (1e-300, -37.047096299361199),
    (1e-100, -21.273453560965324),
    (1e-20, -9.2623400897984076),
    (1e-12, -7.0344838253011319),
    (1.1641532182693481e-10, -6.3379577545537893),
    (1e-9, -5.9978070150076869),
    (1e-6, -4.753424308822899),
    (0.001, -3.0902323061678135),
    (0.01, -2.3263478740408411),
    (0.024, -1.9773684281819467),
    (0.075, -1.4395314709384559),
    (0.0751, -1.43882539275254),
    (0.1, -1.2815515655446004),
    (0.25, -0.67448975019608174),
    (0.4, -0.25334710313579974),
    (0.45, -0.12566134685507401),
    (0.499, -0.0025066308995717662),
    (0.4999999, -2.5066282747031065e-7),
    (0.6, 0.25334710313579974),
    (0.9, 1.2815515655446006),
    (0.999, 3.0902323061678133),
    (0.9999999, 5.1993375822906611),
  ]

  @Test(arguments: known)
  func knownValues(probability: Double, quantile: Double) {
    let value = NormalQuantile.value(at: probability)
    #expect(abs(value - quantile) <= 2e-15 * abs(quantile))
  }

  @Test func half() {
    #expect(NormalQuantile.value(at: 0.5) == 0)
  }

  @Test func symmetricForEveryWord() {
    for step in 0..<20_000 {
      let word = UInt32(truncatingIfNeeded: step &* 214_741)
      let low = NormalQuantile.value(at: (Double(word) + 0.5) * 0x1p-32)
      let high = NormalQuantile.value(at: (Double(~word) + 0.5) * 0x1p-32)
      #expect(low == -high)
    }
  }

  /// Ascending over the whole range, at its ends and across the seams of the pieces.
  @Test func ascending() {
    var words = (0..<20_000).map { UInt32($0 * 214_741) }
    for seam in [0, 0x1333_3333, 0x8000_0000, 0xeccc_cccc, 0xffff_ffff] as [Int] {
      words += (-500...500).compactMap { UInt32(exactly: seam + $0) }
    }
    words = Set(words).sorted()
    var last = -Double.infinity
    for word in words {
      let value = NormalQuantile.value(at: (Double(word) + 0.5) * 0x1p-32)
      #expect(value > last)
      last = value
    }
  }

  @Test func onlyProbabilities() async {
    await #expect(processExitsWith: .failure) { _ = NormalQuantile.value(at: 0) }
    await #expect(processExitsWith: .failure) { _ = NormalQuantile.value(at: .nan) }
  }
}

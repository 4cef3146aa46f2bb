import Testing

@testable import GQMetrics

@Suite struct TargetSearchTests {
  private typealias Search = TargetSearch<Double>

  private func search(
    _ target: Double, tolerance: Double = 0.01, start: Double = 50, score: (Double) -> Double
  ) throws -> Search.Result {
    try Search.smallest(reaching: target, tolerance: tolerance, settings: 0...100, start: start) {
      #expect((0...100).contains($0))
      return Search.Attempt(
        setting: $0, score: score($0), byteCount: Int(100 + 100 * $0), file: $0)
    }
  }

  @Test(arguments: [-50.0, 3, 31.4, 60, 71, 87.9, 89])
  func findsTheSmallest(target: Double) throws {
    // As scores are: steep at first, then flat.
    let score = { (quality: Double) in 90 - 120 * (1 - quality / 100) * (1 - quality / 100) }
    let found = try search(target, score: score)
    let best = try #require(found.best)
    #expect(best.score >= target)
    #expect(best.setting == 0 || best.score < target + 0.01 || score(best.setting - 0.125) < target)
    #expect(found.attempts <= 12)
  }

  @Test func everySettingIsFound() throws {
    for step in 0...800 {
      let edge = Double(step) / 8
      let found = try search(0.5, tolerance: 0, start: 12.5) { $0 >= edge ? 1 : 0 }
      #expect(found.best?.setting == edge)
      #expect(found.attempts <= 13)
    }
  }

  @Test func saysWhatIsBestWhenNothingReaches() throws {
    let found = try search(95) { $0 * 0.9 }
    #expect(found.best == nil)
    #expect(found.highest.setting == 100 && found.highest.score == 90)
  }

  @Test func smallestFileThatWasTriedCounts() throws {
    // Bumps of the curve must not lead to a file that falls short.
    let found = try search(60) { $0 + 3 * Double(Int($0 * 8) % 3) }
    #expect(try #require(found.best).score >= 60)
  }

  @Test func failuresComeThrough() {
    struct Failure: Error {}
    #expect(throws: Failure.self) {
      try Search.smallest(reaching: 1, tolerance: 0, settings: 0...100, start: 50) { _ in
        throw Failure()
      }
    }
  }
}

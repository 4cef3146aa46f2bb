import Testing

@testable import GQMetrics

@Suite struct BDRateTests {
  private func points(_ pairs: [[Double]]) -> [BDRate.Point] {
    pairs.map { BDRate.Point(rate: $0[0], quality: $0[1]) }
  }

  @Test func agreesWithOthers() throws {
    let curves = try Golden.load().curves
    #expect(curves.count >= 6)
    for pair in curves {
      let percent = try BDRate.percent(anchor: points(pair.anchor), test: points(pair.test))
      #expect(abs(percent - pair.percent) < 1e-6)
      let reversed = try BDRate.percent(
        anchor: points(pair.anchor.reversed()), test: points(pair.test.reversed()))
      #expect(reversed == percent)
    }
  }

  @Test func halfTheRateIsMinusFifty() throws {
    let anchor = points([[1, 30], [2, 33], [4, 35], [9, 38]])
    let half = anchor.map { BDRate.Point(rate: $0.rate / 2, quality: $0.quality) }
    #expect(abs(try BDRate.percent(anchor: anchor, test: half) + 50) < 1e-9)
    #expect(abs(try BDRate.percent(anchor: half, test: anchor) - 100) < 1e-9)
    #expect(try BDRate.percent(anchor: anchor, test: anchor) == 0)
  }

  @Test func pointsThatAreNotBetterAreLeftOut() {
    let kept = BDRate.rising(points([[4, 35], [1, 30], [2, 33], [3, 32], [4, 36], [5, 36]]))
    #expect(kept == points([[1, 30], [2, 33], [4, 36]]))
  }

  @Test func qualityAtARate() throws {
    let curve = points([[1, 30], [2, 33], [4, 35], [8, 38]])
    for point in curve {
      #expect(abs(try #require(BDRate.quality(curve, atRate: point.rate)) - point.quality) < 1e-9)
    }
    let between = try #require(BDRate.quality(curve, atRate: 3))
    #expect(between > 33 && between < 35)
    #expect(BDRate.quality(curve, atRate: 0.9) == nil)
    #expect(BDRate.quality(curve, atRate: 9) == 38)
    #expect(BDRate.quality([], atRate: 1) == nil)
    // On a straight line it is that line.
    let line = points([[1, 10], [10, 20], [100, 30]])
    #expect(abs(try #require(BDRate.quality(line, atRate: 31.6227766)) - 25) < 1e-6)
  }

  @Test func refusesCurvesWithoutAnswer() {
    let good = points([[1, 30], [2, 33]])
    #expect(throws: BDRate.Failure.tooFewPoints(1)) {
      try BDRate.percent(anchor: good, test: points([[1, 30]]))
    }
    #expect(throws: BDRate.Failure.noCommonQuality) {
      try BDRate.percent(anchor: good, test: points([[1, 33], [2, 36]]))
    }
    #expect(throws: BDRate.Failure.repeatedQuality(33)) {
      try BDRate.percent(anchor: good, test: points([[1, 33], [2, 36], [3, 33]]))
    }
    let bad = BDRate.Point(rate: 0, quality: 31)
    #expect(throws: BDRate.Failure.badPoint(bad)) {
      try BDRate.percent(anchor: good, test: good + [bad])
    }
    // What an equal picture gives.
    let infinite = BDRate.Point(rate: 3, quality: .infinity)
    #expect(throws: BDRate.Failure.badPoint(infinite)) {
      try BDRate.percent(anchor: good, test: good + [infinite])
    }
  }
}

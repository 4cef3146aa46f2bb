import Testing

@testable import GQReport

@Suite struct StatisticsTests {
  private func row(
    _ picture: String, _ method: String, _ target: Double, rate: Double? = nil, psnr: Double?,
    msssim: Double? = nil, seconds: Double? = 1
  ) -> ResultRow {
    let rate = rate ?? target
    return ResultRow(
      picture: picture, method: method, target: target,
      measurement: Measurement(
        bytes: Int(rate * 1000), bitsPerPixel: rate, psnr: psnr, psnrY: psnr, ssim: nil,
        msssim: msssim, setting: nil,
        encode: Cost(seconds: seconds, peakMemoryBytes: Int(rate * 1e6)),
        decode: Cost(seconds: seconds)))
  }

  private func savings(_ rows: [ResultRow], pictures: [String]) -> [RateSaving] {
    RateSaving.all(
      test: "gqimg", methods: ["gqimg", "other"], rows: rows, means: Mean.all(of: rows),
      pictures: pictures)
  }

  /// The same qualities at half of the rate.
  private func halved(_ picture: String, at rates: [Double] = [0.1, 0.2, 0.4, 0.8]) -> [ResultRow] {
    rates.enumerated().flatMap { index, rate in
      [
        row(picture, "gqimg", rate, rate: rate / 2, psnr: 30 + 2 * Double(index), msssim: 0.9),
        row(picture, "other", rate, psnr: 30 + 2 * Double(index), msssim: 0.9),
      ]
    }
  }

  @Test func halfTheRateIsMinusFifty() throws {
    let all = savings(halved("a") + halved("b"), pictures: ["a", "b"])
    #expect(all.map(\.quality) == [.ssimulacra2, .psnr, .msssim])
    #expect(Set(all.map(\.anchor)) == ["other"])
    #expect(abs(try #require(all[1].percent) + 50) < 1e-9)
    #expect(abs(try #require(all[1].percentOfMeans) + 50) < 1e-9)
    #expect(all[1].pictures == 2 && all[1].range == RateSaving.Range(low: 30, high: 36))
    // Without scores, and with one quality throughout, there is no curve.
    for saving in [all[0], all[2]] {
      #expect(saving.percent == nil && saving.pictures == 0 && saving.percentOfMeans == nil)
      #expect(saving.range == nil)
    }
  }

  @Test func ratesOutsideDoNotCount() throws {
    var rows = halved("a")
    let inside = savings(rows, pictures: ["a"])[1].percent
    for rate in [0.05, 2.0] {
      rows.append(row("a", "gqimg", rate, psnr: rate < 1 ? 10 : 70))
      rows.append(row("a", "other", rate, psnr: rate < 1 ? 20 : 50))
    }
    #expect(inside != nil && savings(rows, pictures: ["a"])[1].percent == inside)
  }

  /// Two targets that led to one file, and a picture that came back equal.
  @Test func repeatedAndInfiniteQualitiesDoNotCount() throws {
    var rows = halved("a")
    rows.append(row("a", "other", 0.9, rate: 0.8, psnr: 36))
    rows.append(row("a", "gqimg", 1.0, psnr: nil))
    #expect(abs(try #require(savings(rows, pictures: ["a"])[1].percent) + 50) < 1e-9)
  }

  /// A rate that not every picture reaches is no part of the curve of means.
  @Test func incompleteMeansDoNotCount() throws {
    let rows = halved("a") + halved("b") + [row("a", "other", 0.15, psnr: 99)]
    let saving = savings(rows, pictures: ["a", "b"])[1]
    #expect(abs(try #require(saving.percentOfMeans) + 50) < 1e-9)
    let only = savings(halved("a"), pictures: ["a", "b"])[1]
    #expect(only.pictures == 1 && only.percentOfMeans == nil)
  }

  @Test func meansAreOverWhatIsKnown() throws {
    let means = Mean.all(of: [
      row("a", "x", 0.5, psnr: 30, seconds: 2), row("b", "x", 0.5, psnr: 34, seconds: nil),
      row("a", "y", 0.5, psnr: 20), row("a", "x", 1, psnr: 40),
    ])
    #expect(means.map(\.method) == ["x", "y", "x"] && means.map(\.pictures) == [2, 1, 1])
    #expect(means[0].psnr == 32 && means[0].encodeSeconds == 2 && means[0].msssim == nil)
    #expect(means[0].encodePeakMemoryBytes == 500_000)
  }

  @Test func similaritiesInDecibels() {
    #expect(abs((Quality.decibels(0.99) ?? 0) - 20) < 1e-9)
    #expect(Quality.decibels(1) == nil)
  }

  @Test func csvIsQuoted() {
    #expect(CSV.quoted("plain.png") == "plain.png")
    #expect(CSV.quoted("a,b") == "\"a,b\"")
    #expect(CSV.quoted("say \"a\"") == "\"say \"\"a\"\"\"")
    for end in ["\n", "\r", "\r\n"] { #expect(CSV.quoted("a\(end)b") == "\"a\(end)b\"") }
    let lines = CSV.text([row("a, \"b\".png", "x", 0.5, psnr: 30)]).split(separator: "\n")
    #expect(lines.count == 2)
    #expect(lines[1].hasPrefix("\"a, \"\"b\"\".png\",x,0.5,500,0.50000,30.0000,30.0000,,,,1.0000,"))
    let quotes = lines[1].split(separator: "\"\"").joined().filter { $0 == "\"" }.count
    #expect(quotes == 2)
    #expect(
      lines[1].dropFirst("\"a, \"\"b\"\".png\"".count).filter { $0 == "," }.count
        == CSV.header.count - 1)
  }

  @Test func timeLeftFollowsEachCodec() {
    var estimate = TimeEstimate(codecs: ["slow", "fast"], stepsPerCodec: 4)
    #expect(estimate.seconds == nil)
    estimate.finish("slow", seconds: 10)
    // Nothing is known of the other yet.
    #expect(estimate.seconds == 70)
    estimate.finish("fast", seconds: 1)
    #expect(estimate.seconds == 33)
    // From the store: one less to do, but no word about the time.
    estimate.finish("slow", seconds: nil)
    #expect(estimate.seconds == 23)
    #expect(estimate.text == "23 s left")
  }
}

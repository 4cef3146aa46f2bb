import Foundation
import Testing

@testable import GQReport

@Suite struct StatisticsTests {
  private func row(
    _ picture: String, _ method: String, _ target: Double, rate: Double? = nil, psnr: Double?,
    msssim: Double? = nil, seconds: Double? = 1, above: (Double, Double)? = nil
  ) -> ResultRow {
    let rate = rate ?? target
    return ResultRow(
      picture: picture, method: method, target: target,
      measurement: Measurement(
        bytes: Int(rate * 1000), bitsPerPixel: rate,
        scores: Scores(psnr: psnr, psnrY: psnr, msssim: msssim),
        above: above.map { RatePoint(bitsPerPixel: $0.0, scores: Scores(psnr: $0.1)) },
        encode: cost(seconds, memory: Int(rate * 1e6)), decode: cost(seconds)))
  }

  private func cost(_ seconds: Double?, memory: Int? = nil) -> Cost {
    guard let seconds else { return Cost() }
    return Cost([
      RunCost(
        library: RunTime(seconds: seconds, processorSeconds: 2 * seconds), peakMemoryBytes: memory)
    ])
  }

  private func savings(_ rows: [ResultRow], pictures: [String]) -> [RateSaving] {
    RateSaving.all(
      test: "gqimg", methods: Set(rows.map(\.method)).union(["gqimg", "other"]).sorted(),
      rows: rows,
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
    #expect(all.map(\.quality) == Quality.allCases)
    #expect(Set(all.map(\.anchor)) == ["other"])
    let psnr = try #require(all.first { $0.quality == .psnr })
    #expect(abs(try #require(psnr.percent) + 50) < 1e-9)
    #expect(abs(try #require(psnr.median) + 50) < 1e-9)
    #expect(psnr.pictures == ["a", "b"] && psnr.range == RateSaving.Range(low: 30, high: 36))
    #expect(psnr.byPicture.map(\.picture) == ["a", "b"])
    // Without scores, and with one quality throughout, there is no curve.
    for saving in all where saving.quality != .psnr {
      #expect(saving.percent == nil && saving.pictures.isEmpty && saving.range == nil)
    }
  }

  /// Two targets that led to one file, a point that is worse than a cheaper one, and a picture that came back equal.
  @Test func whatIsNoPartOfACurveDoesNotCount() throws {
    var rows = halved("a")
    rows.append(row("a", "other", 0.9, rate: 0.8, psnr: 36))
    rows.append(row("a", "other", 0.95, rate: 0.85, psnr: 35.5))
    rows.append(row("a", "gqimg", 1.0, psnr: nil))
    let saving = try #require(savings(rows, pictures: ["a"]).first { $0.quality == .psnr })
    #expect(abs(try #require(saving.percent) + 50) < 1e-9)
  }

  /// Numbers beside each other are means over the same pictures.
  @Test func meansOfSavingsAreOverTheSamePictures() throws {
    var rows = halved("a") + halved("b") + halved("c")
    // A third codec has no curve of one picture.
    rows += rows.filter { $0.method == "other" && $0.picture != "c" }.map {
      ResultRow(
        picture: $0.picture, method: "third", target: $0.target, measurement: $0.measurement)
    }
    // And a fourth of two.
    rows += rows.filter { $0.method == "other" && $0.picture == "a" }.map {
      ResultRow(
        picture: $0.picture, method: "fourth", target: $0.target, measurement: $0.measurement)
    }
    let all = savings(rows, pictures: ["a", "b", "c"]).filter { $0.quality == .psnr }
    let pictures = Dictionary(uniqueKeysWithValues: all.map { ($0.anchor, $0.pictures) })
    #expect(pictures == ["other": ["a", "b"], "third": ["a", "b"], "fourth": []])
    #expect(all.first { $0.anchor == "fourth" }?.percent == nil)
    #expect(all.first { $0.anchor == "other" }?.byPicture.count == 3)
  }

  /// Files of another size than was asked for: the score is that at the very rate.
  @Test func meansAreInterpolated() throws {
    let rows = [
      row("a", "x", 0.5, rate: 0.4, psnr: 30, seconds: 2, above: (0.8, 34)),
      row("b", "x", 0.5, rate: 0.5, psnr: 40, seconds: 4),
      row("a", "x", 1, rate: 0.9, psnr: 35, seconds: 1),
      row("a", "y", 0.5, psnr: 20), row("b", "y", 0.5, psnr: nil),
    ]
    let means = Mean.all(
      methods: ["x", "y"], rates: [0.5, 1], pictures: ["a", "b"], rows: rows)
    // At 1 only one picture has a file.
    #expect(means.map(\.method) == ["x", "y"] && means.map(\.target) == [0.5, 0.5])
    let psnr = try #require(means[0].scores.psnr)
    // Between 30 and 34 for the first, and exactly 40 for the second, whose largest file it is.
    #expect(psnr > (30.5 + 40) / 2 && psnr < (33 + 40) / 2)
    #expect(abs(means[0].fileBitsPerPixel - 0.45) < 1e-9)
    #expect(means[0].encode.time?.seconds == 3 && means[0].encode.time?.processorSeconds == 6)
    #expect(means[0].encode.peakMemoryBytes == 500_000)
    // One came back equal: a mean over the other alone would say nothing.
    #expect(means[1].scores.psnr == nil && means[0].scores.msssim == nil)
  }

  /// The numbers of another program on the same measurements.
  @Test func savingsAgreeWithQualityScript() throws {
    struct File: Decodable {
      struct Row: Decodable {
        let picture, codec: String
        let bpp, psnr: Double
        let msssim: Double?
        let ss2: Double
      }
      struct Expected: Decodable {
        let quality, test, anchor, picture: String
        let percent: Double?
      }
      let rows: [Row]
      let expected: [Expected]
    }
    let url = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "savings.json")
    let file = try JSONDecoder().decode(File.self, from: Data(contentsOf: url))
    #expect(file.expected.filter { $0.percent != nil }.count >= 30)
    let rows = file.rows.map {
      ResultRow(
        picture: $0.picture, method: $0.codec, target: $0.bpp,
        measurement: Measurement(
          bytes: 0, bitsPerPixel: $0.bpp,
          scores: Scores(ssimulacra2: $0.ss2, psnr: $0.psnr, msssim: $0.msssim)))
    }
    for expected in file.expected {
      let saving = RateSaving.all(
        test: expected.test, methods: [expected.anchor, expected.test], rows: rows,
        pictures: [expected.picture]
      ).first { $0.quality.rawValue == expected.quality }
      guard let percent = expected.percent else {
        #expect(saving?.percent == nil, "\(expected)")
        continue
      }
      let found = try #require(saving?.percent, "\(expected)")
      #expect(abs(found - percent) < 0.01, "\(expected) \(found)")
    }
  }

  @Test func busyMachinesAreSaid() throws {
    var busy = row("a", "x", 0.5, psnr: 30).measurement
    busy.othersShare = 0.6
    var idle = row("a", "x", 1, psnr: 33).measurement
    idle.othersShare = 0.01
    func results(_ measurements: [GQReport.Measurement]) -> Results {
      var findings = MeasurementRun.Findings()
      findings.pictures = [PictureSize(name: "a", width: 1, height: 1, hasAlpha: false, digest: "")]
      findings.rows = measurements.map {
        ResultRow(picture: "a", method: "x", target: $0.bitsPerPixel, measurement: $0)
      }
      return Results(
        codecs: [
          CodecIdentity(name: "x", title: "X", version: "1", options: "", timing: .library)
        ], rates: [0.5, 1], findings: findings)
    }
    let warned = results([busy, idle])
    #expect(warned.timing?.busyFiles == 1 && warned.timing?.files == 2)
    #expect(try #require(warned.busyWarning).contains("for 1 of 2 files"))
    #expect(
      warned.text.contains("The machine was busy") && warned.text.contains("medians of 1 run"))
    #expect(results([idle]).busyWarning == nil)
    let page = String(
      decoding: try Page(results: warned, views: [], firstRate: 0.5).html(), as: UTF8.self)
    #expect(page.components(separatedBy: "The machine was busy").count == 3)
    #expect(page.contains("id=\"machine\"") && !page.contains("id=\"pictures\""))
  }

  @Test func machinesAreNamed() throws {
    #expect(
      Machine.processorName(information: "processor\t: 0\nmodel name\t: Some CPU @ 2 GHz\n")
        == "Some CPU @ 2 GHz")
    #expect(Machine.processorName(information: "processor\t: 0\n") == nil)
    let stat = "cpu  100 10 40 5000 7 3 2 5 0 0\ncpu0 1 2 3\n"
    #expect(ProcessorUse.busySeconds(stat: stat, ticksPerSecond: 100) == 1.6)
    #expect(ProcessorUse.busySeconds(stat: "intr 5\n", ticksPerSecond: 100) == nil)
    let machine = Machine.current(threads: 3)
    #expect(machine.cores >= 1 && machine.threads == 3 && !machine.system.isEmpty)
  }

  @Test func textIsEscaped() {
    #expect(HTML.escaped("a<b> & \"c\" 'd'") == "a&lt;b&gt; &amp; &quot;c&quot; &#39;d&#39;")
    #expect(HTML.escaped("\r\né") == "\r\né")
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
    #expect(
      lines[1].hasPrefix(
        "\"a, \"\"b\"\".png\",x,0.5,500,0.50000,30.0000,30.0000,,,,,1.0000,1.0000,1.0000,2.0000,"))
    let quotes = lines[1].split(separator: "\"\"").joined().filter { $0 == "\"" }.count
    #expect(quotes == 2)
    #expect(
      lines[1].dropFirst("\"a, \"\"b\"\".png\"".count).filter { $0 == "," }.count
        == CSV.header.count - 1)
  }

  @Test func timeLeftFollowsEachCodec() {
    var estimate = TimeEstimate()
    estimate.expect("slow", steps: 4)
    estimate.expect("fast", steps: 4)
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

  @Test func timeLeftCountsJobs() {
    var estimate = TimeEstimate()
    estimate.expect("measure", steps: 5, atATime: 2)
    estimate.finish("measure", seconds: 10)
    #expect(estimate.seconds == 20)
  }
}

import GQBitstream
import GQCodec
import Foundation
import GQMetrics
import GQPixelIO
import Testing

/// The program as people run it.
final class CommandLineTests {
  let program: Program
  let sample = Program.testdata("sample.png")

  init() throws { program = try Program() }
  deinit { program.remove() }

  private func picture(_ bytes: [UInt8]) throws -> Picture { try PictureReader().read(bytes) }

  @Test func compressesAndRestores() throws {
    #expect(try program.run(["compress", sample, "a.gqz", "--bpp", "0.5"]).exitCode == 0)
    #expect(try program.run(["decompress", "a.gqz", "a.png"]).exitCode == 0)
    let file = try program.read("a.gqz")
    #expect(file.count <= 15000 && file.count > 14850)
    let original = try picture([UInt8](try Data(contentsOf: URL(fileURLWithPath: sample))))
    #expect(try PSNR.decibels(original, try picture(try program.read("a.png"))) > 27)
    #expect(try program.names() == ["a.gqz", "a.png"])
  }

  @Test func standardStreamsAndThreadsGiveTheSameBytes() throws {
    let input = [UInt8](try Data(contentsOf: URL(fileURLWithPath: Program.testdata("chelsea.png"))))
    let piped = try program.run(
      ["compress", "-", "-", "--size", "6k", "--threads", "1"], input: input)
    #expect(piped.exitCode == 0)
    #expect(piped.output.count <= 6000)
    let named = try program.run(
      ["compress", Program.testdata("chelsea.png"), "b.gqz", "--size", "6000", "--threads", "2"])
    #expect(named.exitCode == 0)
    #expect(try program.read("b.gqz") == piped.output)
    let restored = try program.run(["decompress", "-", "-", "--quiet"], input: piped.output)
    #expect(restored.exitCode == 0 && restored.errors.isEmpty)
    #expect(try picture(restored.output).width == 451)
  }

  @Test func infoTellsWhatTheFileSays() throws {
    _ = try program.run(["compress", sample, "a.gqz", "-q", "20", "-e", "1"])
    let result = try program.run(["info", "a.gqz", "--json"])
    struct Description: Decodable {
      let width, height, bytes, tiles, damagedTiles, codeBits: Int
      let positionsPerLevel: [Int]
      let bitsPerLevel: [Int]
    }
    let info = try JSONDecoder().decode(Description.self, from: Data(result.output))
    #expect(info.width == 600 && info.height == 400 && info.tiles == 6 && info.damagedTiles == 0)
    #expect(info.bytes == (try program.read("a.gqz").count))
    #expect(info.positionsPerLevel.reduce(0, +) == 38 * 25)
    #expect(
      zip(info.positionsPerLevel, info.bitsPerLevel).reduce(0) { $0 + $1.0 * $1.1 }
        == info.codeBits)
    let text = String(decoding: try program.run(["info", "a.gqz"]).output, as: UTF8.self)
    #expect(text.contains("600 x 400, rgb"))
  }

  /// The limits that models of this format keep: 25,000 multiply-adds per pixel on each side, 16 MB.
  @Test func modelsAreSmall() throws {
    let result = try program.run(["info", "--model", "--json"])
    struct Description: Decodable {
      let tuning: String
      let bytes: Int
      let encoding: Double
      let decoding: Double
    }
    let model = try JSONDecoder().decode(Description.self, from: Data(result.output))
    #expect(model.tuning == "visual, psnr")
    #expect(model.encoding > 5 && model.encoding <= 25)
    #expect(model.decoding > 5 && model.decoding <= 25)
    #expect(model.bytes <= 16_000_000)
  }

  @Test func tuningsAreToldApart() throws {
    let picture = Program.testdata("sample.png")
    var similarities: [String: Double] = [:]
    var noise: [String: Double] = [:]
    for tuning in ["visual", "psnr"] {
      let file = "\(tuning).gqz"
      #expect(
        try program.run(["compress", picture, file, "--tune", tuning, "--bpp", "0.5"]).exitCode == 0
      )
      // The decoder needs no telling.
      #expect(try program.run(["decompress", file, "\(tuning).png"]).exitCode == 0)
      let original = try PictureReader().read(try FileReader.read(picture, maxBytes: 1 << 24))
      let decoded = try PictureReader().read(try program.read("\(tuning).png"))
      similarities[tuning] = try MSSSIM.value(original, decoded)
      noise[tuning] = try PSNR.decibels(original, decoded)
    }
    #expect(similarities["visual"]! > similarities["psnr"]!)
    #expect(noise["visual"]! < noise["psnr"]!)
  }

  private struct Report: Decodable {
    struct Time: Decodable {
      let seconds, fastest, slowest, processorSeconds: Double
    }
    struct Cost: Decodable {
      let library, process: Time?
      let peakMemoryBytes: Int?
      let runs: Int
    }
    struct Row: Decodable {
      let method: String
      let bytes: Int
      let psnr: Double
      let encode, decode: Cost
    }
    let rows: [Row]
  }

  @Test func reportMeasures() throws {
    try program.copyPictures(["chelsea.png"])
    let arguments = [
      "report", "pictures", "--output", "out", "--rates", "0.3,0.6", "--uniform", "-e", "1",
      "--against", "jpeg", "--runs", "2",
    ]
    let first = try program.run(arguments)
    #expect(first.exitCode == 0)
    let text = String(decoding: first.output, as: UTF8.self)
    #expect(text.contains("medians of 2 runs") && text.contains("BD-rate"))
    let report = try JSONDecoder().decode(
      Report.self, from: Data(try program.read("out/results.json")))
    #expect(
      report.rows.map(\.method).sorted() == [
        "gqimg", "gqimg", "gqimg-uniform", "gqimg-uniform", "jpeg", "jpeg",
      ])
    for row in report.rows {
      for cost in [row.encode, row.decode] {
        #expect(cost.runs == 2)
        for time in [cost.library, cost.process] {
          let time = try #require(time)
          #expect(time.fastest > 0 && time.fastest <= time.seconds && time.seconds <= time.slowest)
        }
        #expect((cost.peakMemoryBytes ?? 0) > 1 << 20)
      }
    }
    let csv = String(decoding: try program.read("out/results.csv"), as: UTF8.self)
    let lines = csv.split(separator: "\n")
    #expect(lines.count == report.rows.count + 1)
    for (line, row) in zip(lines.dropFirst(), report.rows) {
      let cells = line.split(separator: ",", omittingEmptySubsequences: false)
      #expect(Int(cells[3]) == row.bytes)
      #expect(abs((Double(cells[5]) ?? 0) - row.psnr) < 1e-3)
    }
    // Earlier results are not overwritten unasked.
    #expect(try program.run(arguments).exitCode == 1)
    // What was measured is not measured again: even the times are the same.
    let again = try program.run(arguments + ["--force"])
    #expect(again.exitCode == 0)
    // But for the load of the machine.
    func table(_ result: Program.Result) -> [Substring] {
      String(decoding: result.output, as: UTF8.self).split(separator: "\n").filter {
        !$0.hasPrefix("Times: ")
      }
    }
    #expect(table(again) == table(first))
    #expect(String(decoding: try program.read("out/results.csv"), as: UTF8.self) == csv)
    #expect(!again.errors.contains("bpp"))
    #expect(try program.run(arguments + ["--force", "--fresh"]).errors.contains("0.3 bpp"))
  }

  /// A folder with what cannot be measured: it is named, and the others are.
  @Test func reportLeavesOutWhatItCannotRead() throws {
    try program.copyPictures(["chelsea.png"])
    try program.write(
      "pictures/rgba.png",
      [UInt8](try Data(contentsOf: URL(fileURLWithPath: Program.testdata("read/rgba.png")))))
    try program.write("pictures/broken.png", Array("not a picture".utf8))
    let result = try program.run([
      "report", "pictures", "--output", "out", "--rates", "0.3,0.6", "-e", "1", "--against",
      "jpeg", "--pages", "0",
    ])
    #expect(result.exitCode == 1)
    #expect(result.errors.contains("pictures/broken.png: "))
    struct LeftOut: Decodable {
      struct File: Decodable { let name: String }
      struct Row: Decodable { let picture, method: String }
      let leftOut: [File]
      let rows: [Row]
    }
    let report = try JSONDecoder().decode(
      LeftOut.self, from: Data(try program.read("out/results.json")))
    #expect(report.leftOut.map(\.name) == ["broken.png"])
    #expect(report.rows.contains { $0.picture == "chelsea.png" && $0.method == "jpeg" })
    // JPEG has no alpha.
    #expect(!report.rows.contains { $0.picture == "rgba.png" && $0.method == "jpeg" })
    let page = String(decoding: try program.read("out/index.html"), as: UTF8.self)
    #expect(page.contains("Left out: <b>broken.png</b>"))
  }

  /// Pictures that are measured at the same time give the same numbers.
  @Test func reportJobsChangeNothing() throws {
    try program.copyPictures(["chelsea.png", "camera.png", "sample.png"])
    func csv(_ jobs: String) throws -> String {
      let result = try program.run([
        "report", "pictures", "--output", "out\(jobs)", "--rates", "0.3", "-e", "1", "--against",
        "jpeg",
        "--runs", "0", "--pages", "0", "--jobs", jobs,
      ])
      #expect(result.exitCode == 0 && result.errors.contains("6/6 measure"), "\(result.errors)")
      #expect(result.errors.contains(" left\n"))
      return String(decoding: try program.read("out\(jobs)/results.csv"), as: UTF8.self)
    }
    let one = try csv("1")
    #expect(one.split(separator: "\n").count == 7)
    #expect(try csv("3") == one)
  }

  @Test func reportNamesThePackageOfAMissingCodec() throws {
    try program.copyPictures(["chelsea.png"])
    let result = try program.run(
      ["report", "pictures", "--output", "out", "--against", "jpeg,jxl"], path: "/nowhere")
    #expect(result.exitCode == 1 && result.output.isEmpty)
    #expect(result.errors.contains("cjxl") && result.errors.contains("libjxl-tools"))
    #expect(try program.names() == ["pictures"])
  }

  /// Without any program of others there is still a report against the library that is linked in.
  @Test func reportWorksAlone() throws {
    try program.copyPictures(["chelsea.png"])
    let result = try program.run(
      ["report", "pictures", "--output", "out", "--rates", "0.4", "-e", "1"], path: "/nowhere")
    #expect(result.exitCode == 0)
    #expect(result.errors.contains("librsvg2-bin"))
    let files = try FileManager.default.contentsOfDirectory(
      atPath: program.folder.appendingPathComponent("out").path)
    #expect(
      files.sorted() == [
        "curves.svg", "index.html", "measurements", "results.csv", "results.json",
      ])
    let page = String(decoding: try program.read("out/index.html"), as: UTF8.self)
    #expect(page.contains("gqimg beside JPEG") && page.contains("data:image/"))
    // Nothing is loaded from anywhere.
    #expect(!page.contains("src=\"http") && !page.contains("href=\"http"))
  }

  @Test(arguments: [("ssimulacra2", 50.0), ("psnr", 28)])
  func scoresAreReached(option: String, target: Double) throws {
    let original = try picture([UInt8](try Data(contentsOf: URL(fileURLWithPath: sample))))
    func score(_ file: [UInt8]) throws -> Double {
      try program.write("scored.gqz", file)
      let result = try program.run(["decompress", "scored.gqz", "scored.png", "--force"])
      try #require(result.exitCode == 0, "\(result.errors)")
      let decoded = try picture(try program.read("scored.png"))
      return option == "psnr"
        ? try PSNR.decibels(original, decoded)
        : try #require(try SSIMULACRA2.score(original, decoded))
    }
    struct Line: Decodable {
      let bytes: Int
      let ssimulacra2: Double?
      let psnr: Double?
    }
    let result = try program.run(
      ["compress", sample, "out.gqz", "-e", "3", "--json", "--\(option)", "\(target)"])
    try #require(result.exitCode == 0, "\(result.errors)")
    let line = try JSONDecoder().decode(Line.self, from: Data(result.output))
    let file = try program.read("out.gqz")
    let reached = try score(file)
    #expect(reached >= target && reached < target + 1)
    #expect(line.bytes == file.count)
    #expect((option == "psnr" ? line.psnr : line.ssimulacra2) == reached)
    #expect((option == "psnr" ? line.ssimulacra2 : line.psnr) == nil)
    // A twentieth less does not do.
    let smaller = try program.run(
      ["compress", sample, "smaller.gqz", "-e", "3", "--size", "\(file.count * 19 / 20)"])
    try #require(smaller.exitCode == 0, "\(smaller.errors)")
    #expect(try score(try program.read("smaller.gqz")) < target)
  }

  /// What the best quality does not reach, or leaves room for, every sample as it is does.
  @Test(arguments: [["--psnr", "70"], ["--ssimulacra2", "99.9"], ["--size", "500k"]])
  func nothingButEverySampleWillDo(_ target: [String]) throws {
    let path = Program.testdata("read/rgb.png")
    let result = try program.run(["compress", path, "a.gqz"] + target)
    try #require(result.exitCode == 0, "\(result.errors)")
    try #require(try program.run(["decompress", "a.gqz", "a.png"]).exitCode == 0)
    let original = try picture([UInt8](try Data(contentsOf: URL(fileURLWithPath: path))))
    #expect(try picture(try program.read("a.png")) == original)
  }

  @Test func previewsThatDoNotFitAreNamed() throws {
    try expectRefusal(
      ["compress", Program.testdata("chelsea.png"), "a.gqz", "--preview", "--size", "1k"],
      "are the preview")
  }

  @Test(arguments: [
    (["--size", "-5"], "'-5' is invalid"), (["--psnr", "-3"], "0 to 100, not -3.0"),
    (["--bpp", "-.5"], "not -0.5"), (["-q", "101"], "not 101.0"),
    (["--strip", "exif,foo"], "found exif,foo, a, b"),
  ])
  func wrongValuesAreNamed(_ arguments: [String], _ words: String) throws {
    let result = try program.run(["compress"] + arguments + ["a", "b"])
    #expect(result.exitCode == 64 && result.errors.contains(words), "\(result.errors)")
  }

  @Test func scoresThatNoFileReachesAreRefused() throws {
    try expectRefusal(
      [
        "compress", sample, "out.gqz", "-e", "1", "--graphics", "off", "--ssimulacra2", "99.9",
      ],
      "sample.png: --ssimulacra2 99.90 cannot be reached: the best file has ")
    try expectRefusal(
      ["compress", Program.testdata("read/rgb-1x1.png"), "out.gqz", "--ssimulacra2", "50"],
      "below 8 pixels")
  }

  @Test func alphaIsScoredOnBlackAndOnWhite() throws {
    let path = Program.testdata("read/rgba.png")
    let result = try program.run(["compress", path, "a.gqz", "-e", "1", "--psnr", "22"])
    try #require(result.exitCode == 0, "\(result.errors)")
    try #require(try program.run(["decompress", "a.gqz", "a.png"]).exitCode == 0)
    let original = try picture([UInt8](try Data(contentsOf: URL(fileURLWithPath: path))))
    let decoded = try picture(try program.read("a.png"))
    let scores = try [0, 255].map {
      try PSNR.decibels(original.flattened(on: $0), decoded.flattened(on: $0))
    }
    let least = try #require(scores.min())
    #expect(least >= 22)
    #expect(result.errors.contains("PSNR \(String(format: "%.2f", least)) dB"), "\(result.errors)")
  }

  @Test(arguments: [
    ["compress"], ["compress", "a.png"], ["frobnicate"], ["compress", "a", "b", "--unknown"],
    ["compress", "a", "b", "--bpp", "1", "--size", "1k"], ["compress", "a", "b", "-q", "101"],
    ["compress", "a", "b", "--effort", "0"], ["compress", "a", "b", "--size", "many"],
    ["compress", "a", "b", "--ssimulacra2", "101"], ["compress", "a", "b", "--psnr", "-1"],
    ["compress", "a", "b", "--psnr", "30", "-q", "50"],
    ["compress", "a", "b", "--bpp", "-1"], ["compress", "a", "b", "--threads", "0"],
    ["report", "dir"], ["report", "dir", "--output", "o", "--rates", "x"],
    ["compress", "a", "b", "c"], ["compress", "--output", "o"], ["compress", "a", "-", "--json"],
    ["compress", "-", "--output", "o"], ["compress", "a", "b", "--quiet", "--verbose"],
    ["decompress", "a.gqz"], ["decompress", "a.gqz", "b.gif"], ["decompress", "a.gqz", "b"],
    ["decompress", "a.gqz", "b.png", "--format", "gif"],
    ["decompress", "a", "b.png", "--fit", "0"],
    ["decompress", "a", "b.jpg", "--jpeg-quality", "0"],
    ["decompress", "a", "b.jpg", "--background", "red"], ["info"], ["verify"],
    ["report", "dir", "--output", "o", "--rates", "1,1"],
    ["report", "dir", "--output", "o", "--against", "png"],
    ["report", "dir", "--output", "o", "--pages", "-1"],
    ["report", "dir", "--output", "o", "--jobs", "0"],
    ["report", "dir", "--output", "o", "--runs", "100"],
  ])
  func wrongUseIsExitCode64(_ arguments: [String]) throws {
    let result = try program.run(arguments)
    #expect(result.exitCode == 64)
    #expect(result.errors.contains("Usage:"))
    #expect(try program.names().isEmpty)
  }

  /// Exit code 1, one line, no file.
  private func expectRefusal(_ arguments: [String], input: [UInt8] = [], _ text: String = "") throws
  {
    let before = try program.names()
    let result = try program.run(arguments, input: input)
    #expect(result.exitCode == 1, "\(arguments)")
    #expect(result.errors.hasPrefix("gqimg: ") && result.errors.hasSuffix("\n"), "\(result.errors)")
    #expect(result.errors.split(separator: "\n").count == 1, "\(result.errors)")
    #expect(text.isEmpty || result.errors.contains(text), "\(result.errors)")
    #expect(result.output.isEmpty)
    #expect(try program.names() == before)
  }

  @Test func badPicturesAreRefused() throws {
    let folder = Program.testdata("refused")
    for name in try FileManager.default.contentsOfDirectory(atPath: folder).sorted() {
      try expectRefusal(["compress", "\(folder)/\(name)", "out.gqz"])
    }
    try expectRefusal(["compress", "absent.png", "out.gqz"], "absent.png")
    try expectRefusal(["compress", "-", "out.gqz"], "standard input")
    try expectRefusal(["compress", "-", "out.gqz"], input: Array("just text".utf8), "not a PNG")
    try expectRefusal(
      ["compress", Program.testdata("read/rgb-16.png"), "out.gqz", "--strict"], "16 bits")
    try expectRefusal(
      ["compress", Program.testdata("read/cmyk.jpg"), "out.gqz", "--strict"], "CMYK")
    let png = [UInt8](try Data(contentsOf: URL(fileURLWithPath: sample)))
    try expectRefusal(["compress", "-", "out.gqz"], input: Array(png.prefix(png.count / 2)))
    try expectRefusal(["compress", sample, "out.gqz", "--size", "30"], "too few")
    try expectRefusal(["compress", sample, "absent/out.gqz", "-e", "1"], "absent/out.gqz")
  }

  @Test func badFilesAreRefused() throws {
    #expect(
      try program.run(["compress", Program.testdata("chelsea.png"), "a.gqz", "-e", "1"]).exitCode
        == 0)
    let file = try program.read("a.gqz")
    func refuse(_ bytes: [UInt8], _ text: String) throws {
      try expectRefusal(["decompress", "-", "out.png"], input: bytes, text)
    }
    try refuse([], "not a .gqz file")
    try refuse(Array("hello".utf8), "not a .gqz file")
    try refuse(Array(file.prefix(4)), "truncated")
    try refuse(Array(file.prefix(20)), "truncated")
    try refuse(Array(file.dropLast()), "truncated")
    try refuse(file + [0], "the 1 byte behind it does not belong")
    for place in [3, 5, 8, 12, 25, 60, file.count / 2, file.count - 1] {
      var damaged = file
      damaged[place] ^= 0x10
      try refuse(damaged, "")
    }
    let coded = try CodedPicture(parsing: file)
    let foreign = CodedPicture(
      header: Header(
        width: coded.header.width, height: coded.header.height, colorType: .rgb,
        stateBits: coded.header.stateBits, seed: 0, modelIdentifier: [1, 2, 3, 4, 5, 6, 7, 8]),
      rateTable: coded.rateTable, levelMap: coded.levelMap, segments: coded.segments)
    try refuse(foreign.serialized(), "model 0102030405060708")
    var huge = FileStructure.signature
    let payload: [UInt8] =
      [0x80, 0x80, 0x80, 0x80, 8, 0x80, 0x80, 0x80, 0x80, 8, 0x40, 0x2C, 0] + Array(1...8)
    huge += [1, UInt8(payload.count)] + payload
    let checksum = CRC32.of(huge[8...])
    huge += [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: checksum >> UInt32($0)) }
    try refuse(huge, "limit")
    try program.write("garbage.safetensors", Array(repeating: 0x41, count: 100))
    try expectRefusal(
      ["decompress", "a.gqz", "out.png", "--model", "garbage.safetensors"], "model file")
    try expectRefusal(
      ["decompress", "a.gqz", "out.png", "--model", "absent.safetensors"], "absent")
    try expectRefusal(["info", "garbage.safetensors"], "not a .gqz file")
  }

  @Test func nothingIsOverwrittenUnasked() throws {
    try program.write("keep.gqz", [1, 2, 3])
    try expectRefusal(["compress", sample, "keep.gqz"], "exists")
    #expect(try program.read("keep.gqz") == [1, 2, 3])
    #expect(try program.run(["compress", sample, "keep.gqz", "-e", "1", "--force"]).exitCode == 0)
    #expect(try program.read("keep.gqz").count > 1000)
    try program.write("keep.png", [1, 2, 3])
    try expectRefusal(["decompress", "keep.gqz", "keep.png"], "exists")
    #expect(try program.read("keep.png") == [1, 2, 3])
  }

  /// A limit of the address space below what a picture takes: refused before the work, or ended in it.
  @Test(.enabled(if: Program.canLimitMemory, "address space has no limit here"))
  func wantOfMemoryIsExitCode3() throws {
    let picture = Picture(
      width: 1500, height: 1000, colorType: .grey, samples: Array(repeating: 90, count: 1_500_000))
    try program.write("large.png", try PNGWriter(compressionLevel: 1).write(picture))
    #expect(try program.run(["compress", sample, "a.gqz", "-e", "1"]).exitCode == 0)

    // From just what the program itself needs, and nothing for the model.
    var least = 20
    while try program.run(["--help"], megabytes: least).exitCode != 0 { least += 10 }
    for arguments in [["decompress", "a.gqz", "a.png"], ["compress", "large.png", "large.gqz"]] {
      for megabytes in stride(from: least, to: least + 120, by: 40) {
        let result = try program.run(arguments + ["--force"], megabytes: megabytes)
        if result.exitCode == 0, megabytes > least { continue }
        #expect(result.exitCode == 3, "\(megabytes): \(result.errors)")
        #expect(result.errors.contains("gqimg: ") && result.errors.contains("not enough memory"))
        #expect(try !program.names().contains { $0.hasSuffix(".tmp") })
      }
    }
  }

  @Test func regionIsACrop() throws {
    #expect(try program.run(["compress", sample, "a.gqz"]).exitCode == 0)
    #expect(try program.run(["decompress", "a.gqz", "whole.ppm"]).exitCode == 0)
    let result = try program.run(
      ["decompress", "a.gqz", "part.ppm", "--region", "33,70,90,41", "--json"])
    #expect(result.exitCode == 0)
    let whole = try PictureReader().read(try program.read("whole.ppm"))
    let part = try PictureReader().read(try program.read("part.ppm"))
    #expect(part.width == 90 && part.height == 41)
    for row in 0..<41 {
      let start = ((row + 70) * whole.width + 33) * 3
      #expect(part.samples[row * 270..<(row + 1) * 270] == whole.samples[start..<start + 270])
    }
    try expectRefusal(["decompress", "a.gqz", "b.ppm", "--region", "0,0,9999,1"], "region")
    #expect(
      try program.run(["decompress", "a.gqz", "b.ppm", "--region", "1,2,3"]).exitCode == 64)
  }

  /// The same files whatever number is worked on at a time, and what is said in the same order.
  @Test func jobsDoNotChangeFiles() throws {
    let picture = [UInt8](
      try Data(contentsOf: URL(fileURLWithPath: Program.testdata("read/rgb.png"))))
    try FileManager.default.createDirectory(
      at: program.folder.appendingPathComponent("in"), withIntermediateDirectories: true)
    for name in ["c.png", "a.png", "b.png"] { try program.write("in/\(name)", picture) }
    try program.write("in/bad.png", [1, 2, 3])
    var outputs: [[UInt8]] = []
    for jobs in ["1", "3"] {
      let result = try program.run(
        ["compress", "in", "--output", "out" + jobs, "--jobs", jobs, "--json", "-e", "1"])
      #expect(result.exitCode == 1)
      let lines = String(decoding: result.output, as: UTF8.self).split(separator: "\n")
      #expect(lines.count == 4)
      for (line, name) in zip(lines, ["a.png", "b.png", "bad.png", "c.png"]) {
        #expect(line.contains("in/" + name))
      }
      outputs.append(try program.read("out\(jobs)/b.gqz"))
    }
    #expect(outputs[0] == outputs[1])
  }
}

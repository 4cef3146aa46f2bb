import ArgumentParser
import GQBitstream
import GQCodec
import Foundation
import GQModel
import GQPixelIO
import GQReport

struct ReportCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "report",
    abstract: "Measure rate, distortion, time and memory over a folder of pictures.",
    discussion: """
      Every picture is compressed and decompressed at every rate, and so with every other codec that is installed, to \
      the largest file that is not above the same size. Out come index.html, a page that holds all it shows, \
      results.csv, results.json, curves.svg and, with rsvg-convert on the PATH, curves.png. What was measured is kept \
      in the folder measurements and not measured again: a report that was stopped goes on where it was. \
      Files that cannot be read and pictures with alpha are listed and left out, and the exit code is then 1.
      """)

  @Argument(help: ArgumentHelp("Folder of pictures: PNG, JPEG, PGM and PPM.", valueName: "dir"))
  var folder: String

  @Option(name: .shortAndLong, help: ArgumentHelp("Folder to write into.", valueName: "out"))
  var output: String

  @Option(
    help: ArgumentHelp(
      "Codecs to measure beside gqimg: jpeg, webp, avif, jxl, heic, separated by commas, or none (default: all that are installed).",
      valueName: "list"))
  var against: String?

  @Option(help: ArgumentHelp("Bits per pixel, separated by commas.", valueName: "list"))
  var rates = "0.125,0.25,0.5,0.75,1.0"

  @Option(name: .shortAndLong, help: "1 (fast) to 9 (thorough).")
  var effort = 5

  @Option(
    help: ArgumentHelp(
      "Tunings to measure, separated by commas: visual, psnr. The first is the main one.",
      valueName: "list"))
  var tune = "visual"

  @Flag(help: "Also with one level for the whole picture.")
  var uniform = false

  @Flag(help: "Also with samples of the posterior in the place of codewords.")
  var posteriorSamples = false

  @Option(help: ArgumentHelp("Show at most this many pictures in the page.", valueName: "n"))
  var pages = 8

  @Option(
    help: ArgumentHelp("Show the pictures at the rate next to this.", valueName: "rate"))
  var pageRate = 0.25

  @Flag(help: "Measure again what was measured before.")
  var fresh = false

  @Flag(name: .shortAndLong, help: "Overwrite earlier results.")
  var force = false

  @OptionGroup(title: "Model") var model: ModelOptions

  private var rateList: [Double] {
    rates.split(separator: ",").compactMap { Double($0) }.filter { $0 > 0 && $0 <= 100 }
  }

  private var tunings: [Tuning] {
    tune.split(separator: ",").compactMap { Tuning(rawValue: String($0)) }
  }

  func validate() throws {
    if tunings.isEmpty || tunings.count != tune.split(separator: ",").count
      || Set(tunings).count != tunings.count
    {
      throw ValidationError("--tune must be visual, psnr or both")
    }
    if rateList.count != rates.split(separator: ",").count || rateList.isEmpty {
      throw ValidationError("--rates must be numbers above 0, separated by commas")
    }
    if Set(rateList).count != rateList.count { throw ValidationError("--rates has one twice") }
    if !(1...9).contains(effort) { throw ValidationError("--effort must be 1 to 9") }
    if pages < 0 { throw ValidationError("--pages must be 0 or more") }
    do {
      _ = try against.map { try OtherCodec.list($0) }
    } catch {
      throw ValidationError("--against: \(error)")
    }
  }

  func run() throws {
    let paths = OutputPaths(folder: output)
    for path in paths.all { try refuseExisting(path, overwrite: force) }
    let files = try pictureFiles()
    let codecs = try codecs()
    let store = try reporting(output) {
      try MeasurementStore(folder: paths.measurements, isFresh: fresh)
    }
    let progress = Progress(
      codecs: codecs.map(\.identity.name), stepsPerCodec: files.count * rateList.count)
    let run = MeasurementRun(codecs: codecs, rates: rateList, store: store, progress: progress)
    var findings = MeasurementRun.Findings()
    var views: [PictureView] = []
    let shown = shownIndices(files.count)
    for (index, path) in files.enumerated() {
      let name = URL(fileURLWithPath: path).lastPathComponent
      let picture: Picture
      do {
        picture = try readPicture(path)
      } catch let problem as Problem where problem.status == .failed {
        let start = "\(path): "
        findings.leaveOut(
          name,
          reason: problem.message.hasPrefix(start)
            ? String(problem.message.dropFirst(start.count)) : problem.message)
        progress.leaveOut(
          codecs: codecs.map(\.identity.name), rates: rateList.count,
          "gqimg: \(problem.message); it is left out")
        continue
      }
      try reporting(path) {
        let source = try SourcePicture(name: name, picture: picture)
        try run.measure(source, into: &findings)
        if shown.contains(index) {
          views.append(
            try PictureView(source, codecs: codecs, rate: shownRate, store: store))
        }
      }
    }
    progress.finish()
    guard !findings.pictures.isEmpty else {
      throw Problem(message: "\(folder): no picture can be measured")
    }
    // What is worst is what people should see.
    func score(_ view: PictureView) -> Double {
      findings.ownScore(picture: view.picture, rate: view.target) ?? .infinity
    }
    views.sort { score($0) < score($1) }
    let results = Results(codecs: codecs.map(\.identity), rates: rateList, findings: findings)
    try write(results, views, to: paths)
    try printLine(results.text)
    if files.count > findings.pictures.count { throw ExitStatus.failed.code }
  }

  /// Writes all files; the page last, since it is what people open.
  private func write(_ results: Results, _ views: [PictureView], to paths: OutputPaths) throws {
    let (json, svg, html) = try reporting(output) {
      (
        try results.json(), try CurvesFigure(results: results).svg(),
        try Page(results: results, views: views).html()
      )
    }
    try writeOutput(Array(CSV.text(results).utf8), to: paths.csv, overwrite: force)
    try writeOutput(json, to: paths.json, overwrite: force)
    try writeOutput(svg, to: paths.svg, overwrite: force)
    if let png = try reporting(paths.svg, { try Rasteriser.png(svg) }) {
      try writeOutput(png, to: paths.png, overwrite: force)
    } else {
      writeToStandardError("gqimg: \(Rasteriser.absence)\n")
    }
    try writeOutput(html, to: paths.html, overwrite: force)
  }

  private var shownRate: Double {
    rateList.min { abs($0 - pageRate) < abs($1 - pageRate) } ?? pageRate
  }

  /// Pictures spread evenly over the folder.
  private func shownIndices(_ count: Int) -> Set<Int> {
    let wanted = min(pages, count)
    return Set((0..<wanted).map { $0 * count / wanted })
  }

  /// This project's codec in the wanted variants, then the others.
  private func codecs() throws -> [any PictureCodec] {
    let program = OwnProgram(path: try ownPath())
    // What is missing is said before the model is loaded.
    let others = try reporting("--against") {
      if let against {
        return try OtherCodec.list(against).map { try $0.make(program: program) }
      }
      return try OtherCodec.installed().map { try $0.make(program: program) }.filter(works)
    }
    let network = try model.network(tunings[0])
    let version = try versionText(network)
    return try reporting("model") {
      let (encoder, decoder) = (GQEncoder(network: network), GQDecoder(network: network))
      let options = EncodingOptions(effort: effort)
      func own(uniform: Bool) -> GQPictureCodec {
        var options = options
        options.uniform = uniform
        return GQPictureCodec(
          encoder: encoder, decoder: decoder, options: options, version: version,
          program: program, modelArguments: model.arguments, tuning: tunings[0])
      }
      var codecs: [any PictureCodec] = [own(uniform: false)]
      for tuning in tunings.dropFirst() {
        let network = try model.network(tuning)
        codecs.append(
          GQPictureCodec(
            encoder: GQEncoder(network: network), decoder: GQDecoder(network: network),
            options: options, version: try versionText(network), program: program,
            modelArguments: model.arguments, tuning: tuning, isMain: false))
      }
      if uniform { codecs.append(own(uniform: true)) }
      if posteriorSamples {
        codecs.append(
          PosteriorSampleCodec(encoder: encoder, options: options, version: version))
      }
      return codecs + others
    }
  }

  /// Whether a codec that nobody asked for by name works; says so when it does not.
  private func works(_ codec: any PictureCodec) -> Bool {
    do {
      try codec.check()
      return true
    } catch {
      writeToStandardError("gqimg: \(codec.identity.name) is left out: \(error)\n")
      return false
    }
  }

  /// Version, model and build: another build may give other files under the same version.
  private func versionText(_ network: Network) throws -> String {
    let build = try reporting("gqimg") {
      CRC32.of(try FileReader.read(try ownPath(), maxBytes: maximumInputBytes)[...])
    }
    return "\(GQImg.version), model \(hexadecimal(network.identifier)), build "
      + String(format: "%08x", build)
  }

  private func ownPath() throws -> String {
    guard let path = Bundle.main.executablePath else {
      throw Problem(message: "gqimg does not find its own file")
    }
    return path
  }

  private func pictureFiles() throws -> [String] {
    guard let names = try? FileManager.default.contentsOfDirectory(atPath: folder) else {
      throw Problem(message: "\(folder): cannot list the folder")
    }
    let files = names.filter { name in
      PictureFormat(fileEnding: (name as NSString).pathExtension) != nil
    }.sorted().map { folder + "/" + $0 }
    guard !files.isEmpty else { throw Problem(message: "\(folder): no pictures") }
    return files
  }
}

/// What a report writes.
private struct OutputPaths {
  let folder: String

  var csv: String { folder + "/results.csv" }
  var json: String { folder + "/results.json" }
  var svg: String { folder + "/curves.svg" }
  var png: String { folder + "/curves.png" }
  var html: String { folder + "/index.html" }
  var measurements: String { folder + "/measurements" }

  var all: [String] { [csv, json, svg, png, html] }
}

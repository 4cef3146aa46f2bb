import ArgumentParser
import GQBitstream
import GQCodec
import Foundation
import GQModel
import GQPixelIO
import GQReport
import Synchronization

struct ReportCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "report",
    abstract: "Measure rate, distortion, time and memory over a folder of pictures.",
    discussion: """
      Every picture is compressed and decompressed at every rate, and so with every other codec that is installed, to \
      the largest file that is not above the same size. Out come index.html, a page that holds all it shows, \
      results.csv, results.json, curves.svg and, with rsvg-convert on the PATH, curves.png. What was measured is kept \
      in the folder measurements and not measured again: a report that was stopped goes on where it was. \
      Pictures with alpha are compared on black and on white. Files that cannot be read are listed and left out, and \
      the exit code is then 1.
      """)

  @Argument(
    help: ArgumentHelp("Folder of pictures: PNG, JPEG, WebP, PGM and PPM.", valueName: "dir"))
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

  @Option(
    help: ArgumentHelp(
      "Show at most this many pictures in the page, the worst ones.", valueName: "n"))
  var pages = 8

  @Option(
    help: ArgumentHelp("Show the pictures at the rate next to this at first.", valueName: "rate"))
  var pageRate = 0.25

  @Option(
    help: ArgumentHelp("Take times as medians of this many runs; 0 takes none.", valueName: "n"))
  var runs = 3

  @Option(
    name: [.customLong("jobs"), .customShort("j", allowingJoined: true)],
    help: ArgumentHelp(
      "Measure this many pictures at a time (default: as many as cores); times are taken one after the other.",
      valueName: "n"))
  var jobs: Int?

  @Option(
    help: ArgumentHelp(
      "Python with the package imagecodecs, for current AVIF, JPEG XL and WebP (default: python3, where it has the package).",
      valueName: "file"), completion: .file())
  var python: String?

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
    if !(0...99).contains(runs) { throw ValidationError("--runs must be 0 to 99") }
    if let jobs, !(1...1024).contains(jobs) { throw ValidationError("--jobs must be 1 to 1024") }
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
    let python = try pythonHelpers()
    let codecs = try codecs(python)
    let store = try reporting(output) {
      try MeasurementStore(folder: paths.measurements, isFresh: fresh)
    }
    let jobs = max(1, min(jobs ?? WorkerPool.coreCount, files.count))
    let progress = Progress(
      codecs: codecs.map(\.identity.name), stepsPerCodec: files.count * rateList.count,
      isTimed: runs > 0, jobs: jobs)
    let machine = Machine.current(threads: threadCount)
    let run = MeasurementRun(
      codecs: codecs, rates: rateList, store: store, progress: progress,
      butteraugli: Butteraugli(), python: python, machine: machine, runs: runs)
    let (pictures, leftOut) = try measure(files, run, progress, codecs: codecs, jobs: jobs)
    guard !pictures.isEmpty else {
      throw Problem(message: "\(folder): no picture can be measured")
    }
    // Alone, so that nothing of this program disturbs the times.
    if runs > 0 {
      for picture in pictures {
        try reporting(picture.path) { try run.time(try source(picture.path)) }
      }
    }
    let findings = run.findings(pictures.map(\.size), leftOut: leftOut)
    let results = Results(
      codecs: codecs.map(\.identity), rates: rateList, findings: findings, machine: machine)
    // What is worst is what people should see.
    func score(_ picture: MeasuredPicture) -> Double {
      findings.ownScore(picture: picture.size.name, rate: shownRate) ?? .infinity
    }
    let views = try pictures.sorted { score($0) < score($1) }.prefix(pages).map { picture in
      try reporting(picture.path) {
        try PictureView(try source(picture.path), codecs: codecs, rates: rateList, store: store)
      }
    }
    progress.finish()
    try write(results, views, to: paths)
    try printLine(results.text)
    if files.count > pictures.count { throw ExitStatus.failed.code }
  }

  private struct MeasuredPicture: Sendable {
    let path: String
    let size: PictureSize
  }

  /// Measures files, so many at a time. What cannot be read is said and left out.
  private func measure(
    _ files: [String], _ run: MeasurementRun, _ progress: GQReport.Progress,
    codecs: [any PictureCodec],
    jobs: Int
  ) throws -> (pictures: [MeasuredPicture], leftOut: [LeftOutPicture]) {
    enum Outcome: Sendable {
      case measured(MeasuredPicture)
      case leftOut(LeftOutPicture)
      case failed(Problem)
    }
    let names = codecs.map(\.identity.name)
    let (rates, isTimed) = (rateList.count, runs > 0)
    let outcomes = Mutex([Outcome?](repeating: nil, count: files.count))
    WorkerPool(threadCount: jobs).forEach(files.count) { index in
      let hasFailed = outcomes.withLock { outcomes in
        outcomes.contains { if case .failed? = $0 { true } else { false } }
      }
      guard !hasFailed else { return }
      let path = files[index]
      let outcome: Outcome
      do {
        let source: SourcePicture
        do {
          source = try self.source(path)
        } catch let problem as Problem where problem.status == .failed {
          progress.leaveOut(
            codecs: names, rates: rates, isTimed: isTimed,
            "gqimg: \(problem.message); it is left out")
          let start = "\(path): "
          let left = LeftOutPicture(
            name: URL(fileURLWithPath: path).lastPathComponent,
            reason: problem.message.hasPrefix(start)
              ? String(problem.message.dropFirst(start.count)) : problem.message)
          return outcomes.withLock { $0[index] = .leftOut(left) }
        }
        try reporting(path) { try run.measure(source) }
        outcome = .measured(MeasuredPicture(path: path, size: source.size))
      } catch {
        outcome = .failed(error as? Problem ?? Problem(path, error))
      }
      outcomes.withLock { $0[index] = outcome }
    }
    var (pictures, leftOut): ([MeasuredPicture], [LeftOutPicture]) = ([], [])
    for outcome in outcomes.withLock({ $0 }) {
      switch outcome {
      case .measured(let picture)?: pictures.append(picture)
      case .leftOut(let picture)?: leftOut.append(picture)
      case .failed(let problem)?: throw problem
      case nil: break
      }
    }
    return (pictures, leftOut)
  }

  private func source(_ path: String) throws -> SourcePicture {
    try reporting(path) {
      try SourcePicture(
        name: URL(fileURLWithPath: path).lastPathComponent,
        picture: try PictureReader(keepsMetadata: false).read(
          try FileReader.read(path, maxBytes: maximumInputBytes)))
    }
  }

  /// Writes all files; the page last, since it is what people open.
  private func write(_ results: Results, _ views: [PictureView], to paths: OutputPaths) throws {
    let svg = CurvesFigure(results: results).svg()
    let (json, html) = try reporting(output) {
      (
        try results.json(),
        try Page(results: results, views: views, firstRate: shownRate).html()
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

  private var threadCount: Int { model.threads ?? WorkerPool.coreCount }

  /// The Python package with current codecs: of the interpreter that was named, else of `python3` where that has it.
  private func pythonHelpers() throws -> PythonHelpers? {
    guard let python else { return PythonHelpers.installed() }
    return try reporting("--python") { try PythonHelpers(interpreter: python) }
  }

  /// This project's codec in the wanted variants, then the others.
  private func codecs(_ python: PythonHelpers?) throws -> [any PictureCodec] {
    let program = OwnProgram(path: try ownPath())
    // What is missing is said before the model is loaded.
    let others = try reporting("--against") {
      if let against {
        return try OtherCodec.list(against).map {
          try $0.make(program: program, python: python, threads: threadCount)
        }
      }
      return try OtherCodec.installed(python: python).map {
        try $0.make(program: program, python: python, threads: threadCount)
      }.filter(works)
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
      throw Problem(
        message: "\(folder) is no folder that can be listed: report takes a folder of pictures")
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

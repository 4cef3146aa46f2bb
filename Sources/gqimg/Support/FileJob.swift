import ArgumentParser
import CGQProcessMemory
import GQModel
import GQPixelIO
import Synchronization

/// One file to be made from another.
struct FileJob {
  let input: String
  let output: String
  /// Why it cannot be made, if that is known before.
  var problem: String?
}

/// The files to make, and the inputs among which they were found.
struct FileJobs {
  var jobs: [FileJob] = []
  /// What lies in folders and is not taken, by folder.
  var skipped: [SkippedFiles] = []
}

/// Where outputs go, and what is said about them.
struct OutputOptions: ParsableArguments {
  @Option(
    name: .shortAndLong,
    help: ArgumentHelp(
      "Folder to write into; all other paths are then inputs, files or folders.",
      valueName: "folder"), completion: .directory)
  var output: String?

  @Flag(name: .shortAndLong, help: "Overwrite files.")
  var force = false

  @Flag(help: "Leave files alone whose output is there already: goes on where a run stopped.")
  var skipExisting = false

  @Flag(help: "With --output: keep the input's ending in the output's name, as in a.jpg.gqz.")
  var keepEndings = false

  @Flag(help: "Give outputs the times of their inputs.")
  var keepTimes = false

  @Flag(help: "Say nothing but errors.")
  var quiet = false

  @Flag(name: .shortAndLong, help: "Say more.")
  var verbose = false

  @Flag(help: "Print one JSON object per file on standard output.")
  var json = false

  @Option(
    name: [.customLong("jobs"), .customShort("j", allowingJoined: true)],
    help: ArgumentHelp(
      "Files worked on at a time (default: one per core when there are several).", valueName: "n"))
  var jobs: Int?

  /// What is wrong with the paths, if anything.
  func problem(paths: [String]) -> String? {
    if output == nil, paths.count != 2 {
      return "expected an input and an output, or --output and inputs; found "
        + (paths.isEmpty
          ? "none" : paths.count > 4 ? "\(paths.count) paths" : paths.joined(separator: ", "))
    }
    if output != nil, paths.contains("-") { return "standard input has no name for --output" }
    if output?.isEmpty == true || paths.contains("") { return "a path is empty" }
    if let output, !Folder.exists(output) {
      let ending = SystemPath.ending(output)
      if ending == "gqz" || PictureFormat.isPictureEnding(ending) {
        return "--output names a folder, \(output) has the ending of a file"
      }
    }
    if skipExisting, force { return "--skip-existing and --force exclude each other" }
    if keepTimes, paths.contains("-") { return "--keep-times needs files that have times" }
    if json, output == nil, isStandardOutput(paths[1]) {
      return "--json and the file cannot both go to standard output"
    }
    if quiet, verbose { return "--quiet and --verbose exclude each other" }
    if let jobs, !(1...1024).contains(jobs) { return "--jobs must be 1 to 1024, not \(jobs)" }
    return nil
  }

  /// The files to make. Folders are searched for files with one of `endings`, folders in them too; the same
  /// folders are made under the output.
  func jobs(paths: [String], endings: [String], newEnding: String) throws -> FileJobs {
    var found = FileJobs()
    guard let output else {
      if !isStandardOutput(paths[1]), paths[1].hasSuffix("/") || Folder.exists(paths[1]) {
        throw Problem(message: "\(paths[1]) is a folder; --output writes into folders")
      }
      found.jobs = [
        FileJob(input: paths[0], output: isStandardOutput(paths[1]) ? "-" : paths[1])
      ]
      return found
    }
    var makers: [String: String] = [:]
    func add(_ input: String, as name: String) {
      let stem = keepEndings ? name : SystemPath.withoutEnding(name)
      let path = SystemPath.joined(output, stem + "." + newEnding)
      let problem = makers[path].map {
        "\($0) becomes \(path) too; --keep-endings gives them names of their own"
      }
      found.jobs.append(FileJob(input: input, output: path, problem: problem))
      if makers[path] == nil { makers[path] = input }
    }
    for path in paths {
      guard Folder.exists(path) else {
        add(path, as: SystemPath.name(path))
        continue
      }
      let contents = PictureFolder(path, endings: endings)
      for failure in contents.failures {
        found.jobs.append(FileJob(input: path, output: output, problem: "\(failure)"))
      }
      if contents.names.isEmpty, contents.failures.isEmpty {
        let endings = endings.joined(separator: ", ")
        found.jobs.append(
          FileJob(input: path, output: output, problem: "no files that end in \(endings)"))
      }
      if !contents.skipped.isEmpty { found.skipped.append(contents.skipped) }
      for name in contents.names { add(SystemPath.joined(path, name), as: name) }
    }
    return found
  }

  /// How many of these files are worked on at a time.
  func jobCount(_ files: FileJobs) -> Int {
    max(1, min(files.jobs.count, jobs ?? WorkerPool.coreCount))
  }

  /// Runs `body` for every job, several at a time. One that fails is reported and does not stop the others; the exit code is
  /// that of the worst. What is said comes in the order of the jobs.
  func run<Description: Encodable & SendableMetatype>(
    _ found: FileJobs, model: String? = nil, _ body: (FileJob) throws -> Outcome<Description>
  ) throws {
    let jobs = found.jobs
    if output == nil, !force, StandardOutput.isTerminal, jobs.first?.output == "-" {
      throw Problem(
        message: "bytes of a file are not written to a terminal; name a file, or --force")
    }
    if !quiet {
      for skipped in found.skipped { writeToStandardError(skipped.text(isVerbose: verbose)) }
    }
    // Only where outputs replace files one of them can be an input.
    let inputs =
      force
      ? Set((jobs.map(\.input) + (model.map { [$0] } ?? [])).compactMap { FileIdentity($0) }) : []
    let batch = Mutex(Batch(progress: BatchProgress(total: jobs.count, isQuiet: quiet)))
    if jobs.count > 1 { gq_out_of_memory_message("gqimg: not enough memory\n") }
    // Called from several threads: what it captures is immutable or guards itself.
    nonisolated(unsafe) let body = body
    WorkerPool(threadCount: jobCount(found)).forEach(jobs.count) { index in
      let isStopped = batch.withLock { $0.isStopped }
      let words =
        isStopped ? Words() : self.words(jobs[index], ofMany: jobs.count > 1, inputs, body)
      batch.withLock { $0.finish(index, words) }
    }
    let worst = batch.withLock { batch in
      batch.progress.clear()
      if batch.existing > 0, !quiet {
        batch.progress.say("gqimg: \(counted(batch.existing, "file")) skipped: there already\n")
      }
      return batch.worst
    }
    if let worst { throw worst.code }
  }

  /// Does a job; what is to be said of it.
  private func words<Description: Encodable>(
    _ job: FileJob, ofMany: Bool, _ inputs: Set<FileIdentity>,
    _ body: (FileJob) throws -> Outcome<Description>
  ) -> Words {
    var words = Words()
    if !ofMany { gq_out_of_memory_message("gqimg: \(named(job.input)): not enough memory\n") }
    do {
      if let problem = job.problem { throw Problem(message: "\(job.input): \(problem)") }
      try refuseInputs(job.output, inputs)
      if skipExisting, job.output != "-", AtomicFile.exists(job.output) {
        words.isThereAlready = true
        if json { words.output = try jsonLine(Skipped(input: job.input, output: job.output)) }
        return words
      }
      try refuseExisting(job.output, overwrite: force)
      let outcome = try body(job)
      if outcome.isConcealed { words.status = .concealed }
      if !quiet {
        words.errors += outcome.warnings.map { "gqimg: warning: \(named(job.input)): \($0)" }
      }
      if json {
        words.output = try jsonLine(outcome.description)
      } else if !quiet {
        words.errors.append((ofMany ? "\(job.input): " : "") + outcome.text)
        if verbose { words.errors += outcome.details.map { "  \($0)" } }
      }
    } catch {
      let problem =
        error as? Problem
        ?? Problem(
          message: "\(named(job.input)): \(error)", status: ExitStatus(of: error))
      words.errors.append("gqimg: \(problem.message)")
      words.status = problem.status
      words.concernsAll = problem.concernsAll
      if json {
        words.output = try? jsonLine(
          Failure(input: job.input, output: job.output, error: problem.message))
      }
    }
    return words
  }

  /// Writes an output: `body` gets a function that writes some bytes more. Makes the folder that it goes into, when
  /// outputs have a folder. An output is whole or not there; on standard output it is what was written before a failure.
  func write(
    _ job: FileJob, _ body: (_ write: @escaping ([UInt8]) throws(FileError) -> Void) throws -> Void
  ) throws {
    if output != nil {
      let folder = SystemPath.folder(job.output)
      try reporting(folder) { try Folder.make(folder) }
    }
    try reporting(job.output) {
      if job.output == "-" {
        try body(StandardOutput.write)
      } else {
        try AtomicFile.write(to: job.output, overwrite: force, body)
        if keepTimes { try FileTimes.copy(from: job.input, to: job.output) }
      }
    }
  }
}

/// What is said of a file.
private struct Words: Sendable {
  /// Lines for standard error.
  var errors: [String] = []
  /// A line for standard output.
  var output: String?
  /// What the exit code shall say, nil when all went well.
  var status: ExitStatus?
  /// Whether other files would fail in the same way.
  var concernsAll = false
  /// Whether nothing was done because the output is there.
  var isThereAlready = false
}

/// How far many files are.
private struct Batch: Sendable {
  var progress: BatchProgress
  /// The worst of what became of files; nil when all went well.
  var worst: ExitStatus?
  /// Whether the files that are left would fail too.
  var isStopped = false
  /// Files whose output was there already.
  private(set) var existing = 0
  /// The file that is to be spoken of next.
  private var next = 0
  /// What is to be said of files after it.
  private var waiting: [Int: Words] = [:]

  init(progress: BatchProgress) { self.progress = progress }

  /// Counts a file, and says what can be said in the order of the files.
  mutating func finish(_ index: Int, _ words: Words) {
    waiting[index] = words
    if let status = words.status { worst = max(worst ?? status, status) }
    if words.isThereAlready { existing += 1 }
    progress.finishFile()
    while let words = waiting.removeValue(forKey: next) {
      next += 1
      // One that concerns all is said once.
      if isStopped { continue }
      isStopped = words.concernsAll
      for line in words.errors { progress.say(line + "\n") }
      guard let output = words.output else { continue }
      do {
        try printLine(output)
      } catch {
        progress.say("gqimg: \(error)\n")
        worst = .failed
        isStopped = true
      }
    }
    progress.draw()
  }
}

/// What became of a file.
struct Outcome<Description: Encodable> {
  /// For --json.
  let description: Description
  /// One line.
  let text: String
  /// More lines, for --verbose.
  let details: [String]
  /// What was lost or changed.
  let warnings: [String]
  /// Whether something is made up in the place of what was damaged.
  var isConcealed = false
}

/// What --json says of a file that was left alone.
private struct Skipped: Encodable {
  let input: String
  let output: String
  let skipped = "the output exists"
}

/// What --json says of a file that failed.
private struct Failure: Encodable {
  let input: String
  let output: String
  let error: String
}

/// The name of a path in messages.
func named(_ path: String) -> String { path == "-" ? "standard input" : path }

/// Whether a path is the program's standard output.
func isStandardOutput(_ path: String) -> Bool {
  ["-", "/dev/stdout", "/dev/fd/1", "/proc/self/fd/1"].contains(path)
}

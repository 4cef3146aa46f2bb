import ArgumentParser
import COutOfMemory
import Foundation
import PixelIO

/// One file to be made from another.
struct FileJob {
  let input: String
  let output: String
  /// Why it cannot be made, if that is known before.
  var problem: String?
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

  @Flag(help: "Say nothing but errors.")
  var quiet = false

  @Flag(name: .shortAndLong, help: "Say more.")
  var verbose = false

  @Flag(help: "Print one JSON object per file on standard output.")
  var json = false

  /// What is wrong with the paths, if anything.
  func problem(paths: [String]) -> String? {
    if output == nil, paths.count != 2 {
      return "expected an input and an output, or --output and inputs"
    }
    if output != nil, paths.contains("-") { return "standard input has no name for --output" }
    if json, output == nil, paths.last == "-" {
      return "--json and the file cannot both go to standard output"
    }
    if quiet, verbose { return "--quiet and --verbose exclude each other" }
    return nil
  }

  /// The files to make. Folders are searched for files with one of `endings`, folders in them too; the same
  /// folders are made under the output.
  func jobs(paths: [String], endings: [String], newEnding: String) throws -> [FileJob] {
    guard let output else {
      if paths[1] != "-", isFolder(paths[1]) {
        throw Problem(message: "\(paths[1]) is a folder; --output writes into folders")
      }
      return [FileJob(input: paths[0], output: paths[1])]
    }
    var jobs: [FileJob] = []
    var makers: [String: String] = [:]
    func add(_ input: String, as name: String) {
      let stem = (name as NSString).deletingPathExtension
      let path = (output as NSString).appendingPathComponent(stem + "." + newEnding)
      jobs.append(
        FileJob(
          input: input, output: path, problem: makers[path].map { "\($0) becomes \(path) too" }))
      if makers[path] == nil { makers[path] = input }
    }
    for path in paths {
      guard isFolder(path) else {
        add(path, as: (path as NSString).lastPathComponent)
        continue
      }
      let names = (FileManager.default.enumerator(atPath: path)?.compactMap { $0 as? String } ?? [])
        .filter { endings.contains(($0 as NSString).pathExtension.lowercased()) }
        .filter { !isFolder((path as NSString).appendingPathComponent($0)) }.sorted()
      if names.isEmpty {
        let endings = endings.joined(separator: ", ")
        jobs.append(
          FileJob(input: path, output: output, problem: "no files that end in \(endings)"))
      }
      for name in names { add((path as NSString).appendingPathComponent(name), as: name) }
    }
    return jobs
  }

  /// Runs `body` for every job. One that fails is reported and does not stop the others; the exit code is that of the
  /// worst.
  func run<Description: Encodable>(
    _ jobs: [FileJob], _ body: (FileJob) throws -> Outcome<Description>
  ) throws {
    var worst: ExitStatus?
    for job in jobs {
      gq_out_of_memory_message("gqimg: \(named(job.input)): not enough memory\n")
      do {
        if let problem = job.problem { throw Problem(message: "\(job.input): \(problem)") }
        try refuseExisting(job.output, overwrite: force)
        let outcome = try body(job)
        if outcome.isConcealed { worst = max(worst ?? .concealed, .concealed) }
        for warning in outcome.warnings where !quiet {
          writeToStandardError("gqimg: warning: \(named(job.input)): \(warning)\n")
        }
        if json {
          print(try jsonLine(outcome.description))
        } else if !quiet {
          let name = jobs.count > 1 ? "\(job.input): " : ""
          writeToStandardError(name + outcome.text + "\n")
          if verbose { outcome.details.forEach { writeToStandardError("  \($0)\n") } }
        }
      } catch let problem as Problem {
        worst = max(worst ?? problem.status, problem.status)
        problem.report()
        if json {
          print(try jsonLine(Failure(input: job.input, output: job.output, error: problem.message)))
        }
        if problem.concernsAll { break }
      }
    }
    if let worst { throw worst.code }
  }

  /// Makes the folder that an output goes into, when outputs have a folder, and writes it.
  func write(_ bytes: [UInt8], _ job: FileJob) throws {
    if output != nil {
      let folder = (job.output as NSString).deletingLastPathComponent
      try reporting(folder) {
        try FileManager.default.createDirectory(
          atPath: folder, withIntermediateDirectories: true)
      }
    }
    try writeOutput(bytes, to: job.output, overwrite: force)
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

/// What --json says of a file that failed.
private struct Failure: Encodable {
  let input: String
  let output: String
  let error: String
}

/// The name of a path in messages.
func named(_ path: String) -> String { path == "-" ? "standard input" : path }

private func isFolder(_ path: String) -> Bool {
  var isFolder: ObjCBool = false
  return FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) && isFolder.boolValue
}

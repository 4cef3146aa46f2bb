import ArgumentParser
import GQBitstream
import GQCodec
import GQPixelIO

struct Verify: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Check all checksums of .gqz files, without a model.",
    discussion: """
      The exit code is 1 when any file is damaged. Every damaged tile is named, as far as the file can be read; \
      decompress --recover shows what is left of it.
      """)

  @Argument(
    help: ArgumentHelp(
      ".gqz files, and folders, which are searched for them; - is standard input.",
      valueName: "file"),
    completion: .file(extensions: ["gqz"]))
  var inputs: [String]

  @Flag(help: "Say nothing but errors.")
  var quiet = false

  @Flag(help: "Print one JSON object per file on standard output.")
  var json = false

  func run() throws {
    var isAnyDamaged = false
    for input in try inputs.flatMap(files) {
      let problems = problems(input)
      isAnyDamaged = isAnyDamaged || !problems.isEmpty
      for problem in problems { Problem(message: "\(named(input)): \(problem)").report() }
      if json {
        try printLine(
          try jsonLine(Verdict(input: input, intact: problems.isEmpty, problems: problems)))
      } else if problems.isEmpty, !quiet {
        try printLine("\(named(input)): intact")
      }
    }
    if isAnyDamaged { throw ExitStatus.failed.code }
  }

  /// A file itself, or those of a folder.
  private func files(_ path: String) throws -> [String] {
    guard path != "-", Folder.exists(path) else { return [path] }
    let contents = PictureFolder(path, endings: ["gqz"])
    if let failure = contents.failures.first { throw Problem(message: "\(failure)") }
    if contents.names.isEmpty { throw Problem(message: "\(path): no files that end in gqz") }
    return contents.names.map { SystemPath.joined(path, $0) }
  }

  /// Everything that is wrong with a file, as far as it can be read.
  private func problems(_ input: String) -> [String] {
    do {
      return try Verification(try readCodedFile(input)).findings.map { "\($0.reason)" }
    } catch {
      return ["\(error)"]
    }
  }
}

/// What `verify` says of a file.
private struct Verdict: Encodable {
  let input: String
  let intact: Bool
  let problems: [String]
}

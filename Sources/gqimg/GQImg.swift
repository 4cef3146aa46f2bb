import ArgumentParser

/// The program.
@main
struct GQImg: ParsableCommand {
  static let version = "0.1.0"

  static let configuration = CommandConfiguration(
    commandName: "gqimg",
    abstract: "A learned image codec whose file sizes are known beforehand.",
    version: "gqimg \(version), format 1",
    subcommands: [
      Compress.self, Decompress.self, Info.self, ReportCommand.self, JPEGEncode.self,
      JPEGDecode.self,
    ])

  static func main() {
    do {
      var command = try parseAsRoot()
      try command.run()
    } catch let problem as Problem {
      writeToStandardError("gqimg: \(problem.message)\n")
      exit(withError: ExitCode(problem.exitCode))
    } catch {
      exit(withError: error)
    }
  }
}

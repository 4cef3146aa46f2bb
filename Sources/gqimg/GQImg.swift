import ArgumentParser
import CGQImg
import CGQProcessMemory
import GQBitstream
import GQCodec
import GQModel
import GQPixelIO

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// The program.
@main
struct GQImg: ParsableCommand {
  static let version = GQIMG_VERSION

  static let configuration = CommandConfiguration(
    commandName: "gqimg",
    abstract: "A learned image codec whose file sizes are known beforehand.",
    subcommands: [
      Compress.self, Decompress.self, Info.self, Verify.self, Tokens.self, ReportCommand.self,
      Benchmark.self,
      JPEGEncode.self, JPEGDecode.self,
    ])

  @Flag(help: "Show the versions of program and format and the id of the model.")
  var version = false

  func run() throws {
    guard version else { throw CleanExit.helpRequest(self) }
    let weights = try? ModelFile.read()
    let model = weights.map { hexadecimal(ModelFile.identifier(of: $0)) } ?? "not found"
    try printLine("gqimg \(Self.version), format \(FileStructure.version), model \(model)")
  }

  static func main() {
    gq_exit_when_out_of_memory(ExitStatus.outOfMemory.rawValue)
    gq_keep_freed_memory(32 << 20)
    gq_use_one_heap_when_limited()
    var parsed: any ParsableCommand.Type = Self.self
    do {
      var command = try parseAsRoot(try CommandLineArguments.read())
      parsed = type(of: command)
      try command.run()
      // At once: what libraries would tidy up, the system does quicker.
      if fflush(nil) != 0 { throw Problem(message: "cannot write standard output") }
      _exit(0)
    } catch let problem as Problem {
      problem.report()
      exit(withError: problem.status.code)
    } catch let error as FileError {
      Problem(message: "\(error)").report()
      exit(withError: ExitStatus(of: error).code)
    } catch let error as ValidationError where parsed != Self.self {
      // With the usage of the command, which does not know whose it is.
      let text = parsed.fullMessage(for: error).replacing("See '", with: "See 'gqimg ")
      writeToStandardError(text + "\n")
      exit(withError: parsed.exitCode(for: error))
    } catch {
      exit(withError: error)
    }
  }
}

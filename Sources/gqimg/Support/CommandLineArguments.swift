import ArgumentParser
import GQPixelIO

/// The program's arguments.
enum CommandLineArguments {
  /// The arguments as they were given, bytes that are not UTF-8 included, with `./` in front of names that begin with a
  /// dash, which would be taken for options.
  static func read() throws -> [String] {
    var arguments: [String] = []
    for index in 1..<max(1, Int(CommandLine.argc)) {
      guard let argument = CommandLine.unsafeArgv[index] else { break }
      arguments.append(SystemPath.string(cString: argument))
    }
    // An option whose value may be absent.
    for index in arguments.indices where arguments[index] == "--strip" {
      let next = index + 1 < arguments.count ? arguments[index + 1] : ""
      if StripList(argument: next) == nil { arguments[index] += "=" + StripList.plain }
    }
    joinNegativeValues(&arguments)
    let end = arguments.firstIndex(of: "--") ?? arguments.endIndex
    for index in arguments[..<end].indices {
      arguments[index] = try path(arguments[index]) ?? arguments[index]
    }
    return arguments
  }

  /// Options that take numbers: a negative one behind them is their value, which their range refuses, not an option.
  private static let numeric: Set = [
    "--quality", "--bpp", "--size", "--ssimulacra2", "--psnr", "--effort", "--threads", "--jobs",
    "--png-level", "--jpeg-quality", "--webp-quality", "--region", "--fit", "--max-pixels",
  ]

  private static func joinNegativeValues(_ arguments: inout [String]) {
    let end = arguments.firstIndex(of: "--") ?? arguments.endIndex
    for index in arguments[..<end].indices.dropLast().reversed() {
      let next = arguments[index + 1]
      guard numeric.contains(arguments[index]), next.hasPrefix("-"),
        next.dropFirst().first.map({ $0.isNumber || $0 == "." }) == true
      else { continue }
      arguments[index] += "=" + next
      arguments.remove(at: index + 1)
    }
  }

  /// Options of one letter, and those of them that a value may follow at once.
  private static let flags = "fhvoqej"
  private static let joined = "qej"

  /// The path that an argument stands for that looks like an option, nil for all others.
  private static func path(_ argument: String) throws -> String? {
    guard argument.hasPrefix("-"), argument.utf8.count > 2, !argument.contains("=") else {
      return nil
    }
    let ending = SystemPath.ending(argument)
    if ending == "gqz" || PictureFormat.isPictureEnding(ending) { return "./" + argument }
    guard !argument.hasPrefix("--"), let first = argument.dropFirst().first,
      !joined.contains(first)
    else { return nil }
    if argument.utf8.count > 3, AtomicFile.exists(argument) { return "./" + argument }
    // One of its letters may be that of --help, which would hide that the others mean nothing.
    if !argument.dropFirst().allSatisfy(flags.contains) {
      throw ValidationError("unknown option \(argument); a file of this name is ./\(argument)")
    }
    return nil
  }
}

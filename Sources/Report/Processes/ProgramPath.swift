import Foundation

/// Finds programs as a shell does.
enum ProgramPath {
  /// The path of a program, from the first folder of `PATH` that has it; nil when none has.
  static func find(
    _ name: String, path: String = ProcessInfo.processInfo.environment["PATH"] ?? ""
  ) -> String? {
    for folder in path.split(separator: ":") where folder.hasPrefix("/") {
      let candidate = "\(folder)/\(name)"
      var isFolder: ObjCBool = false
      if FileManager.default.fileExists(atPath: candidate, isDirectory: &isFolder),
        !isFolder.boolValue, FileManager.default.isExecutableFile(atPath: candidate)
      {
        return candidate
      }
    }
    return nil
  }

  /// The first line that a program prints about itself that has a version in it.
  static func version(_ program: String, arguments: [String]) -> String {
    let process = ChildProcess(program: program, arguments: arguments, timeout: 20)
    // Some print it and then end with an error.
    let text: String
    switch Result(catching: { () throws(ReportError) in try process.run() }) {
    case .success(let result): text = result.output
    case .failure(.programFailed(_, _, let message)): text = message
    case .failure: return "unknown"
    }
    let line = text.split(separator: "\n").first {
      $0.range(of: "[0-9]+\\.[0-9]+", options: .regularExpression) != nil
    }
    return String((line ?? "unknown").prefix(160)).trimmingCharacters(in: .whitespaces)
  }
}

/// Why a report could not be made.
package enum ReportError: Error, Sendable, Equatable {
  /// A codec by a name that none has.
  case unknownCodec(name: String, known: [String])
  /// A codec whose programs are not on the PATH.
  case notInstalled(codec: String, program: String, debianPackage: String)
  /// A program could not be started, with the errno value.
  case cannotStart(program: String, code: Int32)
  /// A program ended with a status other than 0, or by a signal (then negative); the last line that it printed.
  case programFailed(program: String, status: Int32, message: String)
  /// A program ran longer than it may.
  case timedOut(program: String, seconds: Double)
  /// A codec gave back a picture of another size or kind.
  case wrongPicture(codec: String, found: String, expected: String)
}

extension ReportError: CustomStringConvertible {
  /// One sentence, fit for a user.
  package var description: String {
    switch self {
    case .unknownCodec(let name, let known):
      "no codec is called \(name); there are \(known.joined(separator: ", "))"
    case .notInstalled(let codec, let program, let package):
      "\(codec) needs the program \(program), which is not on the PATH; the Debian package \(package) has it"
    case .cannotStart(let program, let code):
      "\(program) cannot be started (error \(code))"
    case .programFailed(let program, let status, let message):
      "\(program) ended with "
        + (status < 0 ? "signal \(-status)" : "status \(status)")
        + (message.isEmpty ? "" : ": \(message)")
    case .timedOut(let program, let seconds):
      "\(program) did not end within \(Int(seconds)) seconds"
    case .wrongPicture(let codec, let found, let expected):
      "\(codec) gave back a picture of \(found) instead of \(expected)"
    }
  }
}

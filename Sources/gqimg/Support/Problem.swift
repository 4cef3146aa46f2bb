import GQCodec
import GQPixelIO

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// What went wrong with a file: one line for standard error.
struct Problem: Error {
  var message: String
  let status: ExitStatus
  /// Whether other files would fail in the same way.
  let concernsAll: Bool

  /// What went wrong with the thing of this name.
  init(_ name: String, _ error: any Error, concernsAll: Bool = false) {
    status = ExitStatus(of: error)
    message = status == .outOfMemory ? "\(name): not enough memory (\(error))" : "\(name): \(error)"
    self.concernsAll = concernsAll
  }

  init(message: String, status: ExitStatus = .failed, concernsAll: Bool = false) {
    self.message = message
    self.status = status
    self.concernsAll = concernsAll
  }

  /// Says it on standard error.
  func report() { writeToStandardError("gqimg: \(message)\n") }
}

/// Runs `body`; what it throws becomes one line that starts with the file's name.
func reporting<Result>(_ path: String, _ body: () throws -> Result) throws -> Result {
  do {
    return try body()
  } catch let problem as Problem {
    throw problem
  } catch let error as FileError where ExitStatus(of: error) == .failed {
    throw Problem(message: "\(error)")
  } catch let error as CodecError {
    var problem = Problem(named(path), error)
    if case .noRoomForAttachments(_, _, let metadata, _, _) = error, metadata > 0 {
      problem.message += "; --strip all leaves out the metadata"
    }
    throw problem
  } catch {
    throw Problem(named(path), error)
  }
}

/// Writes a message where it does not mix with output.
func writeToStandardError(_ message: String) {
  let bytes = SystemPath.bytes(message)
  _ = bytes.withUnsafeBytes { write(STDERR_FILENO, $0.baseAddress, $0.count) }
}

/// Writes a line on standard output; throws when it does not arrive there, which `print` would not tell.
func printLine(_ text: String) throws {
  try StandardOutput.write(SystemPath.bytes(text + "\n"))
}

/// A number of things: "1 file", "2 files".
func counted(_ count: Int, _ thing: String) -> String {
  "\(count) \(thing)\(count == 1 ? "" : "s")"
}

/// Seconds on a clock that only goes forward.
func now() -> Double {
  var time = timespec()
  clock_gettime(CLOCK_MONOTONIC, &time)
  return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
}

/// A number with this many digits after the point.
func fixed(_ value: Double, _ digits: Int) -> String {
  guard value.isFinite else { return value > 0 ? "inf" : "\(value)" }
  var scale = 1.0
  for _ in 0..<digits { scale *= 10 }
  let scaled = (abs(value) * scale).rounded()
  let whole = (scaled / scale).rounded(.down)
  let sign = value < 0 && scaled > 0 ? "-" : ""
  guard digits > 0 else { return "\(sign)\(Int(whole))" }
  let fraction = String(Int(scaled - whole * scale))
  return "\(sign)\(Int(whole)).\(String(repeating: "0", count: digits - fraction.count))\(fraction)"
}

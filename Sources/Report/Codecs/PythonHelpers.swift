import Foundation
import Synchronization

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// Python processes that run codecs of the package imagecodecs, as many as are needed at the same time.
package final class PythonHelpers: Sendable {
  /// The path of the interpreter.
  let interpreter: String
  /// The version of every codec, by its name.
  let versions: [String: String]
  private let state = Mutex(State())

  private struct State {
    var idle: [PythonHelper] = []
    var processorSeconds: [ObjectIdentifier: Double] = [:]
  }

  /// Starts a first process.
  ///
  /// - Throws: `ReportError.programFailed` when the package is missing or does not work.
  package init(interpreter: String) throws {
    let path = interpreter.contains("/") ? interpreter : ProgramPath.find(interpreter)
    guard let path else { throw ReportError.cannotStart(program: interpreter, code: ENOENT) }
    self.interpreter = path
    let helper = try PythonHelper(interpreter: path)
    versions = try helper.ask(PythonRequest(action: "versions")).versions ?? [:]
    state.withLock { $0.idle.append(helper) }
  }

  /// The helpers of an interpreter that nobody asked for; nil when it has no such package.
  package static func installed(interpreter: String = "python3") -> PythonHelpers? {
    guard ProgramPath.find(interpreter) != nil else { return nil }
    return try? PythonHelpers(interpreter: interpreter)
  }

  /// Asks a process that has nothing to do, or a new one.
  func ask(_ request: PythonRequest) throws -> PythonAnswer {
    let helper = try state.withLock { $0.idle.popLast() } ?? PythonHelper(interpreter: interpreter)
    let answer = try helper.ask(request)
    state.withLock { state in
      state.idle.append(helper)
      state.processorSeconds[ObjectIdentifier(helper)] = answer.total
    }
    return answer
  }

  /// Processor seconds of all processes so far.
  var processorSeconds: Double {
    state.withLock { $0.processorSeconds.values.reduce(0, +) }
  }
}

/// What a helper is asked.
struct PythonRequest: Encodable {
  var action: String
  var codec: String?
  /// What the codec takes as its quality.
  var quality: Double?
  var threads: Int?
  var width: Int?
  var height: Int?
  var channels: Int?
  /// The path of a file to read, samples or a coded picture.
  var input: String?
  /// The path of a file to write.
  var output: String?
}

/// What a helper answers.
struct PythonAnswer: Decodable {
  var versions: [String: String]?
  var seconds: Double?
  var processorSeconds: Double?
  var width: Int?
  var height: Int?
  var channels: Int?
  var error: String?
  /// Processor seconds of the helper so far.
  var total: Double?

  /// As the cost of a codec whose times are its own.
  var cost: RunCost {
    RunCost(
      library: seconds.flatMap { seconds in
        processorSeconds.map { RunTime(seconds: seconds, processorSeconds: $0) }
      })
  }
}

/// One process. It is asked by one thread at a time.
private final class PythonHelper: @unchecked Sendable {
  private let process = Process()
  private let requests = Pipe()
  private let answers = Pipe()
  private var buffer: [UInt8] = []
  private static let timeout = 600.0

  init(interpreter: String) throws {
    process.executableURL = URL(fileURLWithPath: interpreter)
    process.arguments = ["-c", String(decoding: PackageResources.codecs_py, as: UTF8.self)]
    process.standardInput = requests
    process.standardOutput = answers
    process.standardError = FileHandle.nullDevice
    do {
      try process.run()
    } catch {
      throw ReportError.cannotStart(program: interpreter, code: ENOENT)
    }
    // A helper that has ended must not end this program too.
    signal(SIGPIPE, SIG_IGN)
  }

  func ask(_ request: PythonRequest) throws -> PythonAnswer {
    let line = Array(try JSONEncoder().encode(request)) + [10]
    let descriptor = requests.fileHandleForWriting.fileDescriptor
    guard line.withUnsafeBytes({ write(descriptor, $0.baseAddress, $0.count) }) == line.count else {
      throw failure("it does not listen")
    }
    let answer = try JSONDecoder().decode(PythonAnswer.self, from: Data(try readLine()))
    if let error = answer.error { throw failure(error) }
    return answer
  }

  private func readLine() throws -> [UInt8] {
    let descriptor = answers.fileHandleForReading.fileDescriptor
    var chunk = [UInt8](repeating: 0, count: 4096)
    while true {
      if let end = buffer.firstIndex(of: 10) {
        let line = Array(buffer[..<end])
        buffer.removeFirst(end + 1)
        return line
      }
      var entry = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
      let ready = poll(&entry, 1, Int32(Self.timeout * 1000))
      if ready < 0, errno == EINTR { continue }
      guard ready > 0 else {
        process.terminate()
        throw ReportError.timedOut(program: name, seconds: Self.timeout)
      }
      let count = read(descriptor, &chunk, chunk.count)
      guard count > 0 else { throw failure("it ended; the package imagecodecs may be missing") }
      buffer += chunk[..<count]
    }
  }

  private var name: String { process.executableURL?.path ?? "python" }

  private func failure(_ message: String) -> ReportError {
    .programFailed(
      program: name, status: process.isRunning ? 0 : process.terminationStatus,
      message: message)
  }

  deinit {
    try? requests.fileHandleForWriting.close()
    process.waitUntilExit()
  }
}

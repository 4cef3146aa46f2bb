import Foundation

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// Runs a program, without a shell, and tells what it took.
struct ChildProcess {
  /// The path of the program.
  let program: String
  /// Its arguments, the name apart.
  let arguments: [String]
  /// After so many seconds it is ended.
  var timeout = 600.0

  /// What a run took and printed.
  struct Result {
    /// Seconds from start to end, and those of all cores together.
    let time: RunTime
    /// The most memory that it had at once, in bytes; nil where the system does not tell.
    let peakMemoryBytes: Int?
    /// The first 64 KiB of what it printed on either stream.
    let output: String
  }

  /// Runs it to its end; standard input is empty.
  ///
  /// - Throws: `ReportError` when it cannot start, fails or takes too long.
  func run() throws(ReportError) -> Result {
    let output = try OutputFile(for: program)
    let clock = ContinuousClock()
    let start = clock.now
    let process = try spawn(output: output.descriptor)
    // Not before: what other threads take meanwhile is inherited too.
    let inherited = MemoryUse.ownPeak()
    var seconds: Double { (clock.now - start) / .seconds(1) }

    var sampled = 0
    var status: Int32 = 0
    var usage = rusage()
    while true {
      let result = wait4(process, &status, WNOHANG, &usage)
      if result == process { break }
      if result < 0, errno != EINTR { throw .cannotStart(program: program, code: errno) }
      if seconds > timeout {
        _ = kill(process, SIGKILL)
        while wait4(process, &status, 0, &usage) < 0, errno == EINTR {}
        throw .timedOut(program: program, seconds: timeout)
      }
      sampled = max(sampled, MemoryUse.peak(of: process) ?? 0)
      // A hundredth of the time so far: that is how far the measured time may be off.
      usleep(UInt32(min(max(seconds * 1e4, 100), 5000)))
    }
    let elapsed = seconds
    let text = output.text()
    guard status == 0 else {
      let signal = status & 0x7F
      throw .programFailed(
        program: program, status: signal == 0 ? status >> 8 & 0xFF : -signal,
        message: text.split(separator: "\n").last.map(String.init) ?? "")
    }
    return Result(
      time: RunTime(seconds: elapsed, processorSeconds: ProcessorUse.seconds(usage)),
      peakMemoryBytes: MemoryUse.peak(usage, sampled: sampled, inherited: inherited),
      output: text)
  }

  private func spawn(output: Int32) throws(ReportError) -> pid_t {
    #if canImport(Darwin)
      var actions: posix_spawn_file_actions_t? = nil
    #else
      var actions = posix_spawn_file_actions_t()
    #endif
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0)
    posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO)
    posix_spawn_file_actions_adddup2(&actions, output, STDERR_FILENO)
    var words = ([program] + arguments).map { strdup($0) } + [nil]
    defer { for word in words { free(word) } }
    var process: pid_t = 0
    let code = posix_spawn(&process, program, &actions, nil, &words, environ)
    guard code == 0 else { throw .cannotStart(program: program, code: code) }
    return process
  }
}

/// A file without a name that takes what a program prints: unlike a pipe it never fills.
private struct OutputFile: ~Copyable {
  let descriptor: Int32

  init(for program: String) throws(ReportError) {
    var path = Array("\(NSTemporaryDirectory())/gqimg-output-XXXXXX".utf8CString)
    descriptor = mkstemp(&path)
    guard descriptor >= 0 else { throw .cannotStart(program: program, code: errno) }
    _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
    _ = unlink(path)
  }

  func text() -> String {
    var bytes = [UInt8](repeating: 0, count: 1 << 16)
    let count = pread(descriptor, &bytes, bytes.count, 0)
    return String(decoding: bytes.prefix(max(count, 0)), as: UTF8.self)
  }

  deinit { _ = close(descriptor) }
}

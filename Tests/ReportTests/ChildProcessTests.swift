import Foundation
import Testing

@testable import GQReport

@Suite struct ChildProcessTests {
  private func path(_ name: String) throws -> String {
    try #require(ProgramPath.find(name), "\(name) is not on the PATH")
  }

  @Test func tellsWhatAProgramPrints() throws {
    // No shell: its characters mean nothing.
    let result = try ChildProcess(
      program: try path("printf"), arguments: ["%s|", "a b", "$HOME", ";*'\""]
    ).run()
    #expect(result.output == "a b|$HOME|;*'\"|")
    #expect(result.time.seconds > 0 && result.time.seconds < 30)
    #expect(result.time.processorSeconds >= 0 && result.time.processorSeconds < 30)
  }

  @Test func failuresHaveStatusAndMessage() throws {
    let shell = try path("sh")
    #expect(throws: ReportError.programFailed(program: shell, status: 3, message: "last")) {
      try ChildProcess(program: shell, arguments: ["-c", "echo first; echo last >&2; exit 3"]).run()
    }
    #expect(throws: ReportError.programFailed(program: shell, status: -9, message: "")) {
      try ChildProcess(program: shell, arguments: ["-c", "kill -9 $$"]).run()
    }
    #expect(throws: ReportError.cannotStart(program: "/no/such", code: ENOENT)) {
      try ChildProcess(program: "/no/such", arguments: []).run()
    }
  }

  @Test func endsWhatTakesTooLong() throws {
    let sleep = try path("sleep")
    let start = ContinuousClock.now
    #expect(throws: ReportError.timedOut(program: sleep, seconds: 0.2)) {
      try ChildProcess(program: sleep, arguments: ["60"], timeout: 0.2).run()
    }
    #expect(ContinuousClock.now - start < .seconds(30))
  }

  /// Linux would count this process's memory to its children.
  @Test func memoryIsTheChildsOwn() throws {
    let held = [UInt8](repeating: 1, count: 300 << 20)
    let small = try ChildProcess(program: try path("sleep"), arguments: ["0.1"]).run()
    #expect(try #require(small.peakMemoryBytes) < 30 << 20)
    // A third of a second of holding it, so that a busy machine sees it too.
    let large = try ChildProcess(
      program: try path("python3"),
      arguments: ["-c", "import time; x = b'1' * (100 << 20); time.sleep(0.3)"]
    ).run()
    let peak = try #require(large.peakMemoryBytes)
    #expect(peak > 100 << 20 && peak < 200 << 20)
    #expect(held.last == 1)
  }

  @Test func statusLinesAreRead() {
    #expect(
      MemoryUse.kilobytes(in: "VmPeak:\t 99 kB\nVmHWM:\t    1234 kB\nVmRSS:\t 7 kB\n") == 1234)
    #expect(MemoryUse.kilobytes(in: "Name:\tzombie\n") == nil)
  }

  @Test func programsAreFoundOnThePath() throws {
    let sh = try path("sh")
    #expect(sh.hasPrefix("/") && sh.hasSuffix("/sh"))
    #expect(ProgramPath.find("sh", path: "") == nil)
    #expect(ProgramPath.find("no-such-program") == nil)
    // A folder is no program.
    #expect(ProgramPath.find("bin", path: "/usr") == nil)
  }
}

import Foundation

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// This very program, to be run once more: what a codec in this process takes cannot be told from what else it holds.
package struct OwnProgram: Sendable {
  /// The path of the program.
  let path: String

  /// Makes a value.
  package init(path: String) { self.path = path }

  /// What a run takes.
  func run(_ arguments: [String]) throws(ReportError) -> ChildProcess.Result {
    try ChildProcess(program: path, arguments: arguments).run()
  }
}

extension RunCost {
  /// Adds what a process of its own took for the same work.
  mutating func add(_ result: ChildProcess.Result) {
    process = result.time
    peakMemoryBytes = result.peakMemoryBytes
  }
}

/// What `body` returns, and the time that it took. Processor time is that of the whole process.
func timed<Result>(_ body: () throws -> Result) rethrows -> (Result, RunTime) {
  let clock = ContinuousClock()
  let (start, before) = (clock.now, ProcessorUse.ofThisProcess())
  let result = try body()
  let seconds = (clock.now - start) / .seconds(1)
  return (
    result, RunTime(seconds: seconds, processorSeconds: ProcessorUse.ofThisProcess() - before)
  )
}

/// This very program, to be run once more: what a codec in this process takes cannot be told from what else it holds.
public struct OwnProgram: Sendable {
  /// The path of the program.
  let path: String

  /// Makes a value.
  public init(path: String) { self.path = path }

  /// What a run takes.
  func run(_ arguments: [String]) throws(ReportError) -> ChildProcess.Result {
    try ChildProcess(program: path, arguments: arguments).run()
  }
}

extension Cost {
  /// Adds what a process of its own took for the same work.
  mutating func add(_ result: ChildProcess.Result) {
    processSeconds = result.seconds
    peakMemoryBytes = result.peakMemoryBytes
  }
}

/// What `body` returns, and the seconds that it took.
func timed<Result>(_ body: () throws -> Result) rethrows -> (Result, Double) {
  let clock = ContinuousClock()
  let start = clock.now
  let result = try body()
  return (result, (clock.now - start) / .seconds(1))
}

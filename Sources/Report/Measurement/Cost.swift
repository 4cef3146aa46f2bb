/// What one run of a codec took.
package struct RunCost: Sendable, Equatable {
  /// Of the codec alone, pixels in memory to bytes in memory or back; nil for codecs that are programs.
  var library: RunTime?
  /// Of a whole process that does this one thing, from file to file; nil for codecs inside another program.
  var process: RunTime?
  /// The most memory that this process had, in bytes.
  var peakMemoryBytes: Int?
}

/// The time of one run.
struct RunTime: Sendable, Equatable {
  /// Seconds from start to end.
  let seconds: Double
  /// Seconds of all processor cores together.
  let processorSeconds: Double
}

/// What the runs of a codec took.
package struct Cost: Sendable, Equatable, Codable {
  /// How many runs there were.
  package var runs: Int
  /// Of the codec alone.
  package var library: TimeSummary?
  /// Of whole processes.
  package var process: TimeSummary?
  /// The most memory that a process had, in bytes.
  package var peakMemoryBytes: Int?

  /// Of what ``CodecIdentity/timing`` says: the codec alone where that is known.
  package var time: TimeSummary? { library ?? process }

  /// Nothing ran.
  package init() { runs = 0 }

  /// Of runs of equal work.
  init(_ costs: [RunCost]) {
    runs = costs.count
    library = TimeSummary(costs.compactMap(\.library))
    process = TimeSummary(costs.compactMap(\.process))
    peakMemoryBytes = costs.compactMap(\.peakMemoryBytes).max()
  }

  /// Means over pictures, each value over those that have it; memory is the largest.
  init(means costs: [Cost]) {
    runs = costs.map(\.runs).min() ?? 0
    library = TimeSummary(means: costs.map(\.library))
    process = TimeSummary(means: costs.map(\.process))
    peakMemoryBytes = costs.compactMap(\.peakMemoryBytes).max()
  }
}

/// Times of equal runs.
package struct TimeSummary: Sendable, Equatable, Codable {
  /// The median of wall times.
  package let seconds: Double
  /// The shortest wall time.
  package let fastest: Double
  /// The longest wall time.
  package let slowest: Double
  /// The median of processor times, all cores together.
  package let processorSeconds: Double

  /// nil without runs.
  init?(_ runs: [RunTime]) {
    guard !runs.isEmpty else { return nil }
    let seconds = runs.map(\.seconds).sorted()
    self.seconds = Self.median(seconds)
    (fastest, slowest) = (seconds[0], seconds[seconds.count - 1])
    processorSeconds = Self.median(runs.map(\.processorSeconds).sorted())
  }

  /// Means over pictures; nil when one has no time.
  init?(means: [TimeSummary?]) {
    let known = means.compactMap { $0 }
    guard !known.isEmpty, known.count == means.count else { return nil }
    func mean(_ value: (TimeSummary) -> Double) -> Double {
      known.reduce(0) { $0 + value($1) } / Double(known.count)
    }
    seconds = mean(\.seconds)
    fastest = mean(\.fastest)
    slowest = mean(\.slowest)
    processorSeconds = mean(\.processorSeconds)
  }

  private static func median(_ sorted: [Double]) -> Double {
    let middle = sorted.count / 2
    return sorted.count % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
  }
}

import Foundation

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// How much of the processor this program and all others use.
struct ProcessorUse {
  private let start: ContinuousClock.Instant
  private let busy: Double?
  private let own: Double

  /// Begins to watch. `own` are processor seconds so far of this program, its ended children and those that run on.
  init(own: Double) {
    start = ContinuousClock().now
    busy = Self.busySeconds()
    self.own = own
  }

  /// The part of all cores that others used since, 0 to 1; nil where the system does not tell.
  func othersShare(own: Double) -> Double? {
    guard let before = busy, let after = Self.busySeconds() else { return nil }
    let seconds = (ContinuousClock().now - start) / .seconds(1)
    // The system counts in hundredths of a second.
    guard seconds > 0.05 else { return nil }
    let others = (after - before) - (own - self.own)
    return min(max(others / (seconds * Double(Machine.coreCount)), 0), 1)
  }

  #if canImport(Glibc)
    private static let whoSelf = Int32(RUSAGE_SELF.rawValue)
    private static let whoChildren = Int32(RUSAGE_CHILDREN.rawValue)
  #else
    private static let whoSelf = RUSAGE_SELF
    private static let whoChildren = RUSAGE_CHILDREN
  #endif

  /// Processor seconds of this process so far.
  static func ofThisProcess() -> Double {
    var usage = rusage()
    return getrusage(whoSelf, &usage) == 0 ? seconds(usage) : 0
  }

  /// Processor seconds of the children that have ended.
  static func ofChildren() -> Double {
    var usage = rusage()
    return getrusage(whoChildren, &usage) == 0 ? seconds(usage) : 0
  }

  /// User and system time, in seconds.
  static func seconds(_ usage: rusage) -> Double {
    func seconds(_ time: timeval) -> Double { Double(time.tv_sec) + Double(time.tv_usec) * 1e-6 }
    return seconds(usage.ru_utime) + seconds(usage.ru_stime)
  }

  /// Seconds in which any core did any work, since the system started.
  private static func busySeconds() -> Double? {
    #if os(Linux)
      guard let text = try? String(contentsOfFile: "/proc/stat", encoding: .utf8) else {
        return nil
      }
      return busySeconds(stat: text, ticksPerSecond: Double(sysconf(Int32(_SC_CLK_TCK))))
    #else
      return nil
    #endif
  }

  /// From the first line of `/proc/stat`: user, nice, system, idle, waiting, interrupts, soft interrupts, stolen.
  static func busySeconds(stat: String, ticksPerSecond: Double) -> Double? {
    let words = stat.prefix { $0 != "\n" }.split(separator: " ")
    guard words.first == "cpu", words.count >= 9 else { return nil }
    let ticks = words[1...8].compactMap { Double($0) }
    guard ticks.count == 8 else { return nil }
    return (ticks.reduce(0, +) - ticks[3] - ticks[4]) / ticksPerSecond
  }
}

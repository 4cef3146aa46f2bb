import Foundation

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// What times were taken on.
package struct Machine: Sendable, Equatable, Codable {
  /// The processor's name.
  package let processor: String
  /// How many cores the system has.
  package let cores: Int
  /// How many threads codecs were told to use.
  package let threads: Int
  /// The system's name and release.
  package let system: String

  /// This machine.
  package static func current(threads: Int) -> Machine {
    Machine(processor: processorName(), cores: coreCount, threads: threads, system: systemName())
  }

  /// How many processes wanted a core in the last minute, on average; nil where the system does not tell.
  package static func loadAverage() -> Double? {
    var load = [0.0]
    return getloadavg(&load, 1) == 1 ? load[0] : nil
  }

  /// The cores of the system.
  package static let coreCount = max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN)))

  private static func processorName() -> String {
    let text = (try? String(contentsOfFile: "/proc/cpuinfo", encoding: .utf8)) ?? ""
    return processorName(information: text) ?? "unknown processor"
  }

  /// From `/proc/cpuinfo`.
  static func processorName(information: String) -> String? {
    for line in information.split(separator: "\n") where line.hasPrefix("model name") {
      guard let colon = line.firstIndex(of: ":") else { continue }
      return line[line.index(after: colon)...].trimmingCharacters(in: .whitespaces)
    }
    return nil
  }

  private static func systemName() -> String {
    var names = utsname()
    guard uname(&names) == 0 else { return "unknown" }
    func text(_ value: some Any) -> String {
      withUnsafeBytes(of: value) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
    }
    return "\(text(names.sysname)) \(text(names.release)) \(text(names.machine))"
  }
}

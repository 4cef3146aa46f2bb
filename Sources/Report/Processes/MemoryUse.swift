import Foundation

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// The most memory that a process had.
///
/// `wait4` tells it as `ru_maxrss`, but Linux counts what the parent had when it started the child into it
/// (`exec_mmap` in the kernel), and this program holds a network. So the child's own high-water mark in `/proc` is read
/// while it runs, which never falls; `ru_maxrss` counts where it is above all that could have been inherited.
enum MemoryUse {
  /// What this process had at most so far, in bytes; a child started now may inherit it.
  static func ownPeak() -> Int { peak(of: getpid()) ?? 0 }

  /// What a running process had at most so far, in bytes; nil when it has ended or the system does not tell.
  static func peak(of process: pid_t) -> Int? {
    #if os(Linux)
      let descriptor = open("/proc/\(process)/status", O_RDONLY | O_CLOEXEC)
      guard descriptor >= 0 else { return nil }
      defer { _ = close(descriptor) }
      var bytes = [UInt8](repeating: 0, count: 4096)
      let count = read(descriptor, &bytes, bytes.count)
      return kilobytes(in: String(decoding: bytes.prefix(max(count, 0)), as: UTF8.self))
        .map { $0 * 1024 }
    #else
      return nil
    #endif
  }

  /// The number of the line `VmHWM:    1234 kB`.
  static func kilobytes(in status: String) -> Int? {
    guard let line = status.split(separator: "\n").first(where: { $0.hasPrefix("VmHWM:") }) else {
      return nil
    }
    return Int(line.dropFirst("VmHWM:".count).prefix { $0 != "k" }.filter(\.isNumber))
  }

  /// Less than any program takes that has been loaded.
  private static let leastProgram = 1 << 20

  /// The most trustworthy of both numbers, in bytes.
  static func peak(_ usage: rusage, sampled: Int, inherited: Int) -> Int? {
    #if os(Linux)
      let total = Int(usage.ru_maxrss) * 1024
      // Mid-way between two updates of its counters the kernel may be some pages behind.
      let margin = 1 << 20
      if total > inherited + margin { return total }
      // With less it was caught before it was the program that it became.
      return sampled > leastProgram ? sampled : nil
    #else
      return Int(usage.ru_maxrss)
    #endif
  }
}

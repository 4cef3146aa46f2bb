#if hasFeature(Embedded)
  // One thread, and no system to ask.
#elseif canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// Runs the chunks of one operation on a fixed number of threads.
///
/// What a chunk is never depends on the number of threads, so neither do results.
package struct WorkerPool: Sendable {
  /// Threads that work at the same time, at least 1.
  package let threadCount: Int

  /// A pool of `threadCount` threads, or of one per active core when nil.
  package init(threadCount: Int? = nil) {
    self.threadCount = max(1, threadCount ?? Self.coreCount)
  }

  #if hasFeature(Embedded)
    /// There is one thread.
    package static let coreCount = 1
  #else
    /// Cores that the system says are at work; asked once, for it takes a while to answer.
    package static let coreCount = max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN)))
  #endif

  /// Calls `body` once for every number in `0..<count`, in any order, from several threads.
  package func forEach(_ count: Int, _ body: @Sendable (Int) -> Void) {
    guard threadCount > 1, count > 1 else {
      for k in 0..<count { body(k) }
      return
    }
    #if hasFeature(Embedded)
      for k in 0..<count { body(k) }
    #else
      WorkerThreads.shared.perform(count, helperCount: min(threadCount, count) - 1, body)
    #endif
  }
}

extension WorkerPool {
  /// Calls `body` for all of `0..<count` in parts of `length`: for what is done to every number or row alike.
  package func forEachPart(of count: Int, length: Int, _ body: @Sendable (Range<Int>) -> Void) {
    forEach((count + length - 1) / length) { k in
      body(k * length..<min(count, (k + 1) * length))
    }
  }
}

/// Something that several threads write through, each to a part of its own.
package struct Disjoint<Value>: @unchecked Sendable {
  // Safe because every user hands out ranges that do not overlap.
  package let value: Value
  package init(_ value: Value) { self.value = value }
}

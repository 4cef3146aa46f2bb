import CGQKernels
import Synchronization

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// The threads of the process that help whoever has chunks to work through. They start when first wanted and stay.
///
/// Whoever has work does it, and threads that happen to be there help. So nothing ever waits for a thread to start:
/// Dispatch does, forever, where the system has no memory for one or the process is a fork's child.
final class WorkerThreads: @unchecked Sendable {
  // Safe because all that changes is touched only under the lock.
  static let shared = WorkerThreads()

  private let lock = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
  private let posted = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
  private let left = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
  /// Operations that more threads may help with.
  private var open: [SharedOperation] = []
  private var startedCount = 0
  private var busyCount = 0
  /// How often work was offered: what threads that have just had some look at for a while.
  private let offers = Atomic<Int>(0)

  /// Rounds of looking before a thread sleeps, some tens of microseconds: to wake one takes as long.
  private static let rounds = 1000

  private init() {
    lock.initialize(to: pthread_mutex_t())
    posted.initialize(to: pthread_cond_t())
    left.initialize(to: pthread_cond_t())
    pthread_mutex_init(lock, nil)
    pthread_cond_init(posted, nil)
    pthread_cond_init(left, nil)
    // A fork's child has this lock as it was and none of the threads: nobody may hold it then, and it begins anew.
    pthread_atfork(
      { pthread_mutex_lock(WorkerThreads.shared.lock) },
      { pthread_mutex_unlock(WorkerThreads.shared.lock) },
      { WorkerThreads.shared.beginAnew() })
  }

  private func beginAnew() {
    pthread_mutex_init(lock, nil)
    pthread_cond_init(posted, nil)
    pthread_cond_init(left, nil)
    open = []
    (startedCount, busyCount) = (0, 0)
  }

  /// Calls `body` for every number in `0..<count` on this thread and at most `helperCount` others.
  func perform(_ count: Int, helperCount: Int, _ body: @Sendable (Int) -> Void) {
    withoutActuallyEscaping(body) { body in
      let operation = SharedOperation(count: count, room: helperCount, body: body)
      pthread_mutex_lock(lock)
      start(helperCount)
      open.append(operation)
      offers.wrappingAdd(1, ordering: .relaxed)
      for _ in 0..<helperCount { pthread_cond_signal(posted) }
      pthread_mutex_unlock(lock)

      operation.work()

      pthread_mutex_lock(lock)
      open.removeAll { $0 === operation }
      if operation.helperCount.load(ordering: .relaxed) > 0 {
        pthread_mutex_unlock(lock)
        Self.look { operation.helperCount.load(ordering: .relaxed) == 0 }
        pthread_mutex_lock(lock)
      }
      while operation.helperCount.load(ordering: .relaxed) > 0 { pthread_cond_wait(left, lock) }
      operation.body = nil
      pthread_mutex_unlock(lock)
    }
  }

  /// Starts threads until `count` are idle or the cores have one each. What the system refuses is done without.
  private func start(_ count: Int) {
    let most = max(count, WorkerPool.coreCount - 1)
    while startedCount - busyCount < count, startedCount < most {
      guard startThread() else { return }
      startedCount += 1
    }
  }

  private func startThread() -> Bool {
    // What fails here fails without harm: see `gq_exit_when_out_of_memory`.
    let previous = errno
    defer { errno = previous }
    #if canImport(Darwin)
      var thread: pthread_t?
    #else
      var thread = pthread_t()
    #endif
    guard pthread_create(&thread, nil, { _ in WorkerThreads.shared.help() }, nil) == 0 else {
      return false
    }
    #if canImport(Darwin)
      if let thread { pthread_detach(thread) }
    #else
      pthread_detach(thread)
    #endif
    return true
  }

  /// Looks for a while whether something has happened.
  private static func look(_ hasHappened: () -> Bool) {
    for _ in 0..<rounds {
      if hasHappened() { return }
      gq_pause()
    }
  }

  /// What a thread does all its life.
  private func help() -> Never {
    pthread_mutex_lock(lock)
    var hasLooked = true
    while true {
      guard let operation = open.first else {
        if hasLooked {
          pthread_cond_wait(posted, lock)
        } else {
          let before = offers.load(ordering: .relaxed)
          pthread_mutex_unlock(lock)
          Self.look { offers.load(ordering: .relaxed) != before }
          pthread_mutex_lock(lock)
          hasLooked = true
        }
        continue
      }
      hasLooked = false
      operation.room -= 1
      if operation.room == 0 { open.removeFirst() }
      operation.helperCount.wrappingAdd(1, ordering: .relaxed)
      busyCount += 1
      pthread_mutex_unlock(lock)

      operation.work()

      pthread_mutex_lock(lock)
      busyCount -= 1
      let isLast =
        operation.helperCount.wrappingSubtract(1, ordering: .relaxed).newValue == 0
      // Nothing is left of it, so that the thread does not come back for more.
      open.removeAll { $0 === operation }
      if isLast { pthread_cond_broadcast(left) }
    }
  }
}

/// One call of `WorkerPool.forEach` that several threads work through.
private final class SharedOperation: @unchecked Sendable {
  // Safe because the threads share counters only; the rest is touched under the lock of `WorkerThreads`, or, in the
  // case of `body`, cleared when all have left.
  let count: Int
  var body: (@Sendable (Int) -> Void)?
  /// Threads that may still join, and those at work beside the caller, which change under the lock.
  var room: Int
  let helperCount = Atomic<Int>(0)
  private let next = Atomic<Int>(0)

  init(count: Int, room: Int, body: @escaping @Sendable (Int) -> Void) {
    self.count = count
    self.room = room
    self.body = body
  }

  /// Takes numbers until none is left. Holds no reference to `body` afterwards.
  @inline(never)
  func work() {
    guard let body else { return }
    while true {
      let k = next.wrappingAdd(1, ordering: .relaxed).oldValue
      if k >= count { return }
      body(k)
    }
  }
}

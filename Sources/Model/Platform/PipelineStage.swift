#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// Does the same to one item after the other on a thread of its own, while whoever gives them makes the next.
///
/// Items come to `body` in the order in which they were given, never two at a time, so results do not depend on whether
/// there is a thread. Where the system has none left the caller does the work. Until ``finish()`` only `body` may touch
/// what it captures.
package final class PipelineStage<Item, Failure: Error> {
  private let step: StageStep<Item, Failure>
  private let worker: StageWorker?

  /// A stage.
  ///
  /// - Parameters:
  ///   - isConcurrent: whether it is to have a thread.
  ///   - body: what is done to every item. After it threw once it is not called again.
  package init(isConcurrent: Bool, _ body: @escaping (Item) throws(Failure) -> Void) {
    step = StageStep(body)
    worker = isConcurrent ? StageWorker() : nil
  }

  /// Waits for what is being done; what it throws is lost.
  deinit { worker?.stop() }

  /// Gives an item, once the one before it is done.
  ///
  /// - Throws: what `body` threw, for this item or for one before.
  package func push(_ item: Item) throws(Failure) {
    try finish()
    guard let worker else {
      step.perform(item)
      return try finish()
    }
    worker.perform { [step] in step.perform(item) }
  }

  /// Waits until all items are done.
  ///
  /// - Throws: what `body` threw.
  package func finish() throws(Failure) {
    worker?.wait()
    if let failure = step.failure { throw failure }
  }
}

/// What a stage does, and how it ended. Touched by the worker while it has work, by the owner when it has none.
private final class StageStep<Item, Failure: Error> {
  private let body: (Item) throws(Failure) -> Void
  /// What `body` threw.
  private(set) var failure: Failure?

  init(_ body: @escaping (Item) throws(Failure) -> Void) { self.body = body }

  func perform(_ item: Item) {
    do throws(Failure) { try body(item) } catch { failure = error }
  }
}

/// A thread that does one thing at a time for its owner.
private final class StageWorker: @unchecked Sendable {
  // Safe because all that changes is touched only under the lock.
  private let lock = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
  private let changed = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
  #if canImport(Darwin)
    private var thread: pthread_t?
  #else
    private var thread = pthread_t()
  #endif
  /// What is to be done, or being done.
  private var work: (() -> Void)?
  private var isStopping = false

  /// Nil when the system refuses a thread.
  init?() {
    lock.initialize(to: pthread_mutex_t())
    changed.initialize(to: pthread_cond_t())
    pthread_mutex_init(lock, nil)
    pthread_cond_init(changed, nil)
    // What fails here fails without harm: see `gq_exit_when_out_of_memory`.
    let previous = errno
    defer { errno = previous }
    let reference = Unmanaged.passRetained(self)
    let result = pthread_create(
      &thread, nil,
      { reference in
        // Optional on Linux alone.
        let pointer: UnsafeMutableRawPointer? = reference
        if let pointer { Unmanaged<StageWorker>.fromOpaque(pointer).takeRetainedValue().run() }
        return nil
      }, reference.toOpaque())
    guard result == 0 else {
      reference.release()
      return nil
    }
  }

  deinit {
    pthread_mutex_destroy(lock)
    pthread_cond_destroy(changed)
    lock.deallocate()
    changed.deallocate()
  }

  private func withLock<Value>(_ body: () -> Value) -> Value {
    pthread_mutex_lock(lock)
    defer { pthread_mutex_unlock(lock) }
    return body()
  }

  /// Waits until nothing is being done.
  func wait() {
    withLock { while work != nil { pthread_cond_wait(changed, lock) } }
  }

  /// Has something done, when nothing is.
  func perform(_ next: @escaping () -> Void) {
    withLock {
      work = next
      pthread_cond_broadcast(changed)
    }
  }

  /// Ends the thread, once what it does is done.
  func stop() {
    withLock {
      isStopping = true
      pthread_cond_broadcast(changed)
    }
    #if canImport(Darwin)
      if let thread { pthread_join(thread, nil) }
    #else
      pthread_join(thread, nil)
    #endif
  }

  private func run() {
    while let work = next() {
      work()
      withLock {
        self.work = nil
        pthread_cond_broadcast(changed)
      }
    }
  }

  /// What is to be done next; nil when there will be nothing.
  private func next() -> (() -> Void)? {
    withLock {
      while work == nil, !isStopping { pthread_cond_wait(changed, lock) }
      return work
    }
  }
}

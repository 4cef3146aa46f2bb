#if !hasFeature(Embedded)
  import Synchronization
#endif

/// A part of a model that is loaded once, on any thread, when it is asked for.
package final class Part<Value: Sendable>: @unchecked Sendable {
  // Safe because `result` is written once, under the lock, before `isLoaded` says so.
  private let make: @Sendable () throws(ModelError) -> Value
  private var result: Result<Value, ModelError>?
  #if !hasFeature(Embedded)
    private let lock = Mutex<Void>(())
    // No lock is taken once it is set: a fork's child may find the lock held by a thread that it does not have.
    private let isLoaded = Atomic<Bool>(false)
  #endif

  package init(_ make: @escaping @Sendable () throws(ModelError) -> Value) { self.make = make }

  func load() { _ = loaded() }

  /// What was loaded; whoever else asks meanwhile waits.
  package func value() throws(ModelError) -> Value { try loaded().get() }

  /// The same for what was checked when the model was loaded.
  func checkedValue() -> Value {
    guard case .success(let value) = loaded() else {
      preconditionFailure("a model's tensors are checked when it is loaded")
    }
    return value
  }

  private func loaded() -> Result<Value, ModelError> {
    #if hasFeature(Embedded)
      return found()
    #else
      if isLoaded.load(ordering: .acquiring), let result { return result }
      return lock.withLock { _ in
        defer { isLoaded.store(true, ordering: .releasing) }
        return found()
      }
    #endif
  }

  private func found() -> Result<Value, ModelError> {
    if let result { return result }
    let made = Result { () throws(ModelError) in try make() }
    result = made
    return made
  }
}

#if !hasFeature(Embedded)
  import Synchronization
#endif

/// A part of a model that is loaded once, on any thread, when it is asked for.
final class Part<Value: Sendable>: @unchecked Sendable {
  private let make: @Sendable () throws(ModelError) -> Value
  #if hasFeature(Embedded)
    // Safe because nothing has threads there.
    private var result: Result<Value, ModelError>?
  #else
    private let result = Mutex<Result<Value, ModelError>?>(nil)
  #endif

  init(_ make: @escaping @Sendable () throws(ModelError) -> Value) { self.make = make }

  func load() { _ = loaded() }

  /// What was loaded; whoever else asks meanwhile waits.
  func value() throws(ModelError) -> Value { try loaded().get() }

  /// The same for what was checked when the model was loaded.
  func checkedValue() -> Value {
    guard case .success(let value) = loaded() else {
      preconditionFailure("a model's tensors are checked when it is loaded")
    }
    return value
  }

  private func loaded() -> Result<Value, ModelError> {
    #if hasFeature(Embedded)
      if let result { return result }
      let made = Result { () throws(ModelError) in try make() }
      result = made
      return made
    #else
      result.withLock { result in
        if let result { return result }
        let made = Result { () throws(ModelError) in try make() }
        result = made
        return made
      }
    #endif
  }
}

import Synchronization

/// Something that is loaded on any thread.
protocol Loading: Sendable {
  func load()
}

/// A part of a model that is loaded once, when it is asked for.
final class Part<Value: Sendable>: Loading {
  private let make: @Sendable () throws(ModelError) -> Value
  private let result = Mutex<Result<Value, ModelError>?>(nil)

  init(_ make: @escaping @Sendable () throws(ModelError) -> Value) { self.make = make }

  func load() { _ = loaded() }

  /// What was loaded; whoever else asks meanwhile waits.
  func value() throws(ModelError) -> Value { try loaded().get() }

  private func loaded() -> Result<Value, ModelError> {
    result.withLock { result in
      if let result { return result }
      let made = Result { () throws(ModelError) in try make() }
      result = made
      return made
    }
  }
}

/// The model that comes with the library, or one that is named, loaded when first needed.
package final class ModelStore: Sendable {
  private let model: Part<Network>
  /// Threads that its networks use.
  package let pool: WorkerPool

  /// - Parameters:
  ///   - path: a weights file to use in place of the one that comes with the library; it is loaded at once.
  ///   - threadCount: threads to use; nil for one per core.
  /// - Throws: `ModelError` when the named file cannot be loaded.
  package init(path: String? = nil, threadCount: Int? = nil) throws(ModelError) {
    let pool = WorkerPool(threadCount: threadCount)
    self.pool = pool
    model = Part { () throws(ModelError) in
      try Network(parsing: try ModelFile.read(path), pool: pool)
    }
    if path != nil { _ = try model.value() }
  }

  /// The model with the tuning that encodes, or for decoding with any.
  ///
  /// - Throws: `ModelError`.
  package func network(_ tuning: Tuning = .visual) throws(ModelError) -> Network {
    try model.value().tuned(tuning)
  }
}

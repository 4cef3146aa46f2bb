/// The models that come with the library, or one that is named, loaded when first needed.
package final class ModelStore: Sendable {
  private let named: Network?
  private let tuned: [Tuning: Part<Network>]

  /// - Parameters:
  ///   - path: a weights file to use in place of those that come with the library.
  ///   - threadCount: threads of each model; nil for one per core.
  /// - Throws: `ModelError` when the named file cannot be loaded.
  package init(path: String? = nil, threadCount: Int? = nil) throws(ModelError) {
    let pool = WorkerPool(threadCount: threadCount)
    if let path {
      named = try Network(parsing: try ModelFile.read(path), pool: pool)
    } else {
      named = nil
    }
    tuned = Dictionary(
      uniqueKeysWithValues: Tuning.allCases.map { tuning in
        (
          tuning,
          Part { () throws(ModelError) in
            try Network(parsing: try ModelFile.read(tuning: tuning), tuning: tuning, pool: pool)
          }
        )
      })
  }

  /// The model that encodes with a tuning.
  ///
  /// - Throws: `ModelError`.
  package func network(_ tuning: Tuning) throws(ModelError) -> Network {
    if let named { return try named.tuned(tuning) }
    guard let part = tuned[tuning] else { preconditionFailure("every tuning has its part") }
    return try part.value()
  }

  /// The model of an id; where there is none, the usual one, which will say that it is not the right one.
  ///
  /// - Throws: `ModelError`.
  package func network(identifier: [UInt8]) throws(ModelError) -> Network {
    if let named { return named }
    let usual = try network(.visual)
    for tuning in Tuning.allCases {
      if let other = try? network(tuning), other.identifier == identifier { return other }
    }
    return usual
  }
}

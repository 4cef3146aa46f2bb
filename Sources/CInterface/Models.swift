import GQBitstream
import GQCodec
import GQModel

/// The models of a codec, loaded when first needed.
final class Models: Sendable {
  private let named: Network?
  private let tuned: [Tuning: Part<Network>]

  init(path: String?, threadCount: Int?) throws {
    let pool = WorkerPool(threadCount: threadCount)
    named =
      if let path { try Network(parsing: try WeightsFile.read(path), pool: pool) } else { nil }
    tuned = Dictionary(
      uniqueKeysWithValues: Tuning.allCases.map { tuning in
        (
          tuning,
          Part { () throws(ModelError) in
            try Network(parsing: try WeightsFile.read(tuning: tuning), tuning: tuning, pool: pool)
          }
        )
      })
  }

  /// The model that encodes with a tuning.
  func network(_ tuning: Tuning) throws -> Network {
    if let named { return try named.tuned(tuning) }
    guard let part = tuned[tuning] else { preconditionFailure("every tuning has its part") }
    return try part.value()
  }

  /// The model that a file was made with.
  func network(decoding header: Header) throws -> Network {
    if let named { return named }
    let usual = try network(.visual)
    for tuning in Tuning.allCases {
      if let other = try? network(tuning), other.identifier == header.modelIdentifier {
        return other
      }
    }
    throw CodecError.wrongModel(expected: usual.identifier, found: header.modelIdentifier)
  }
}

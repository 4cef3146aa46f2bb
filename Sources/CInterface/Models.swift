import GQBitstream
import GQCodec
import GQModel
import Synchronization

/// The models of a codec, loaded when first needed.
final class Models: Sendable {
  private let named: Network?
  private let pool: WorkerPool
  private let loaded = Mutex<[[UInt8]: Network]>([:])
  private let tuned = Mutex<[Tuning: Network]>([:])

  init(path: String?, threadCount: Int?) throws {
    pool = WorkerPool(threadCount: threadCount)
    named =
      if let path { try Network(parsing: try ModelFile.read(path), pool: pool) } else { nil }
  }

  /// The model that encodes with a tuning.
  func network(_ tuning: Tuning) throws -> Network {
    if let named { return named }
    return try tuned.withLock { tuned in
      if let known = tuned[tuning] { return known }
      let network = try network(parsing: try ModelFile.read(tuning: tuning))
      tuned[tuning] = network
      return network
    }
  }

  /// The model that a file was made with.
  func network(decoding header: Header) throws -> Network {
    if let named { return named }
    if let known = loaded.withLock({ $0[header.modelIdentifier] }) { return known }
    guard let bytes = ModelFile.read(identifier: header.modelIdentifier) else {
      // Says that there is none, or which one there is.
      let found = ModelFile.identifier(of: try ModelFile.read())
      throw CodecError.wrongModel(expected: found, found: header.modelIdentifier)
    }
    return try network(parsing: bytes)
  }

  private func network(parsing bytes: [UInt8]) throws -> Network {
    try loaded.withLock { loaded in
      if let known = loaded[ModelFile.identifier(of: bytes)] { return known }
      let network = try Network(parsing: bytes, pool: pool)
      loaded[network.identifier] = network
      return network
    }
  }
}

import GQModel
import Synchronization

/// Models that are loaded once for all files.
final class LoadedModels: Sendable {
  private let networks = Mutex<[[UInt8]: Network]>([:])

  /// The model kept under this key, which `load` gives when it is asked for the first time.
  func network(_ key: [UInt8] = [], _ load: () throws -> Network) throws -> Network {
    try networks.withLock { networks in
      if let known = networks[key] { return known }
      let network = try load()
      networks[key] = network
      return network
    }
  }
}

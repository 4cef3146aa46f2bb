/// What can be wrong with a weights file or with running the network.
package enum ModelError: Error, Equatable, Sendable, CustomStringConvertible {
  /// The file ends before what its header promises.
  case truncated(what: String, expected: Int, found: Int)
  /// The header is not what the safetensors format allows.
  case malformedHeader(String)
  /// A value is larger than this reader accepts.
  case limitExceeded(what: String, limit: Int, found: Int)
  /// A tensor that the network needs is absent.
  case missingTensor(String)
  /// A tensor has another shape than the configuration asks for.
  case wrongShape(name: String, expected: [Int], found: [Int])
  /// The configuration in the metadata is absent or contradicts itself.
  case badConfiguration(String)
  /// No weights file came with the program and none was named.
  case noModel(String)

  /// One sentence for people.
  package var description: String {
    switch self {
    case .truncated(let what, let expected, let found):
      "model file: \(what) needs \(expected) bytes, \(found) are there"
    case .malformedHeader(let reason):
      "model file: \(reason)"
    case .limitExceeded(let what, let limit, let found):
      "model file: \(what) is \(found), the limit is \(limit)"
    case .missingTensor(let name):
      "model file: tensor \(name) is missing"
    case .wrongShape(let name, let expected, let found):
      "model file: tensor \(name) has shape \(found), expected \(expected)"
    case .badConfiguration(let reason):
      "model file: bad configuration: \(reason)"
    case .noModel(let reason):
      "no model: \(reason)"
    }
  }
}

/// What can be wrong with arrays of tokens from outside.
package enum TokenError: Error, Equatable, Sendable, CustomStringConvertible {
  /// The bytes are not an array in NumPy's format.
  case malformedArray(String)
  /// The file ends before what its header promises, or after it.
  case wrongByteCount(what: String, expected: Int, found: Int)
  /// The elements are of a type that tokens cannot have.
  case wrongElementType(found: String, expected: String)
  /// An array has another shape than the description asks for.
  case wrongShape(name: String, expected: [Int], found: [Int])
  /// The description is absent, incomplete or contradicts itself.
  case badDescription(String)
  /// A number is larger than this reader accepts.
  case limitExceeded(what: String, limit: Int, found: Int)
  /// A token, or a mark where none belongs, that its place does not allow.
  case invalidToken(row: Int, column: Int, place: Int, found: Int, expected: String)

  /// One sentence for people.
  package var description: String {
    switch self {
    case .malformedArray(let reason): "not a NumPy array: \(reason)"
    case .wrongByteCount(let what, let expected, let found):
      "\(what) has \(found) bytes, expected \(expected)"
    case .wrongElementType(let found, let expected):
      "elements are of type \(found), expected \(expected)"
    case .wrongShape(let name, let expected, let found):
      "\(name) has shape \(found), expected \(expected)"
    case .badDescription(let reason): "description of the tokens: \(reason)"
    case .limitExceeded(let what, let limit, let found):
      "\(what) is \(found), the limit is \(limit)"
    case .invalidToken(let row, let column, let place, let found, let expected):
      "token [\(row), \(column), \(place)] is \(found), expected \(expected)"
    }
  }
}

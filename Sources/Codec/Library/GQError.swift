package import GQBitstream
package import GQModel
public import GaussianQuant

/// What the library throws, beside `CancellationError` and what sources of rows throw.
public protocol GQError: Error, CustomStringConvertible {
  /// What kind of error it is.
  var code: GQErrorCode { get }
  /// One sentence for people: what was found, and what was expected.
  var description: String { get }
  /// The byte of the file that it is about; nil where it is about none.
  var byteOffset: Int? { get }
}

/// Kinds of errors.
public enum GQErrorCode: String, Sendable {
  /// The bytes are not a `.gqz` file, or a damaged one.
  case damaged
  /// The file was made with a model that is not here.
  case wrongModel
  /// The weights are missing or damaged.
  case noModel
  /// A value that the format allows is larger than this reader accepts.
  case limitExceeded
  /// An argument is outside its range.
  case invalidArgument
  /// Even the smallest file for the picture is larger than what was allowed.
  case targetTooSmall
  /// The system gave no memory.
  case outOfMemory
}

extension BitstreamError: GQError {
  package var code: GQErrorCode {
    if case .limitExceeded = self { .limitExceeded } else { .damaged }
  }

  package var byteOffset: Int? {
    switch self {
    case .truncated(_, let offset, _, _), .checksumMismatch(_, let offset, _, _),
      .invalidValue(_, let offset, _, _), .unknownCriticalChunk(_, let offset),
      .trailingBytes(let offset, _):
      offset
    default: nil
    }
  }
}

extension ModelError: GQError {
  package var code: GQErrorCode { .noModel }
  package var byteOffset: Int? { nil }
}

extension CodecError: GQError {
  package var code: GQErrorCode {
    switch self {
    case .wrongModel: .wrongModel
    case .incompatible: .damaged
    case .targetTooSmall, .noRoomForAttachments: .targetTooSmall
    case .metadataTooLarge: .limitExceeded
    case .outOfMemory: .outOfMemory
    case .badOption: .invalidArgument
    }
  }

  package var byteOffset: Int? { nil }
}

extension GaussianQuantError: GQError {
  /// What kind of error it is.
  public var code: GQErrorCode {
    if case .outOfMemory = self { .outOfMemory } else { .invalidArgument }
  }

  /// It is about no byte of a file.
  public var byteOffset: Int? { nil }
}

extension TokenError: GQError {
  package var code: GQErrorCode {
    if case .limitExceeded = self { .limitExceeded } else { .invalidArgument }
  }

  package var byteOffset: Int? { nil }
}

/// What can be wrong with the bytes of a `.gqz` file. Offsets count from the start of the file.
package enum BitstreamError: Error, Equatable, Sendable, CustomStringConvertible {
  /// The first bytes are not a `.gqz` signature.
  case notGQZ
  /// The signature is there but was changed in transport, as by a conversion of line ends.
  case damagedSignature
  /// A version of the format that this program does not know.
  case unsupportedVersion(found: Int, supported: Int)
  /// The file ends inside something.
  case truncated(what: String, offset: Int, needed: Int, available: Int)
  /// A checksum does not match its bytes.
  case checksumMismatch(what: String, offset: Int, declared: UInt32, computed: UInt32)
  /// A value that the format does not allow.
  case invalidValue(what: String, offset: Int, found: String, expected: String)
  /// A value that the format allows and this reader does not accept.
  case limitExceeded(what: String, found: Int, limit: Int)
  /// A chunk that a decoder must understand and this one does not.
  case unknownCriticalChunk(type: UInt8, offset: Int)
  /// A required chunk that is not there.
  case missingChunk(String)
  /// Bytes behind the end of the picture that are no chunk.
  case trailingBytes(offset: Int, count: Int)

  /// One sentence for people.
  package var description: String {
    switch self {
    case .notGQZ:
      "not a .gqz file"
    case .damagedSignature:
      "the .gqz signature is damaged: the file was changed in transport"
    case .unsupportedVersion(let found, let supported):
      "format version \(found), this program reads version \(supported)"
    case .truncated(let what, let offset, let needed, let available):
      "truncated: \(what) at byte \(offset) needs \(needed) bytes, \(available) are left"
    case .checksumMismatch(let what, let offset, let declared, let computed):
      "damaged: \(what) at byte \(offset) has checksum \(String(computed, radix: 16)), "
        + "the file says \(String(declared, radix: 16))"
    case .invalidValue(let what, let offset, let found, let expected):
      "invalid: \(what) at byte \(offset) is \(found), expected \(expected)"
    case .limitExceeded(let what, let found, let limit):
      "too large: \(what) is \(found), the limit is \(limit)"
    case .unknownCriticalChunk(let type, let offset):
      "chunk type \(type) at byte \(offset) is unknown and needed to decode"
    case .missingChunk(let name):
      "the \(name) chunk is missing"
    case .trailingBytes(let offset, let count):
      "the picture ends at byte \(offset); the \(count) "
        + (count == 1 ? "byte behind it does" : "bytes behind it do") + " not belong to the format"
    }
  }
}

import GQBitstream

/// What can go wrong between pixels and bytes, beside damaged files and models.
package enum CodecError: Error, Equatable, Sendable, CustomStringConvertible {
  /// The file was made with another model.
  case wrongModel(expected: [UInt8], found: [UInt8])
  /// The file's levels, codebook or quantizer are not those of the model it names.
  case incompatible(what: String, expected: String, found: String)
  /// Even the smallest file for this picture is larger than what was allowed.
  case targetTooSmall(allowedBytes: Int, smallestBytes: Int)
  /// The same, with metadata, a preview and alpha that must fit in too.
  case noRoomForAttachments(
    allowedBytes: Int, smallestBytes: Int, metadataBytes: Int, previewBytes: Int, alphaBytes: Int)
  /// Metadata is larger than what readers accept.
  case metadataTooLarge(String, found: Int, limit: Int)
  /// The system gave no memory to encode with.
  case outOfMemory
  /// An option is outside its range.
  case badOption(name: String, value: String, expected: String)

  /// One sentence for people.
  package var description: String {
    switch self {
    case .wrongModel(let expected, let found):
      "the file was made with model \(hexadecimal(found)), this is model \(hexadecimal(expected))"
    case .incompatible(let what, let expected, let found):
      "the file's \(what) is \(found), the model's is \(expected)"
    case .targetTooSmall(let allowed, let smallest):
      "\(allowed) bytes are too few: the smallest file for this picture has \(smallest)"
    case .noRoomForAttachments(let allowed, let smallest, let metadata, let preview, let alpha):
      "\(allowed) bytes are too few: the smallest file for this picture has \(smallest), of which "
        + [
          metadata > 0 ? "\(metadata) are metadata" : nil,
          preview > 0 ? "\(preview) are the preview" : nil,
          alpha > 0 ? "\(alpha) are alpha" : nil,
        ].compactMap { $0 }.joined(separator: " and ")
    case .metadataTooLarge(let what, let found, let limit):
      "the \(what) has \(found) bytes, the limit is \(limit)"
    case .outOfMemory: "not enough memory to encode the picture"
    case .badOption(let name, let value, let expected):
      "\(name) is \(value), expected \(expected)"
    }
  }
}

/// Bytes as lowercase hexadecimal digits.
package func hexadecimal(_ bytes: [UInt8]) -> String {
  bytes.map { byte in
    let digits = String(byte, radix: 16)
    return byte < 16 ? "0" + digits : digits
  }.joined()
}

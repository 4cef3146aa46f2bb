package import GQBitstream
import GQModel

extension PictureTokens {
  /// The metadata key under which a safetensors file describes its tokens.
  package static let metadataKey = "gqimg.tokens"

  /// The tokens as a safetensors file: `tokens`, `levels`, `chunk.0` and so on, the description in the metadata.
  /// Inverse: `init(safetensors:)`.
  ///
  /// - Parameter withStates: adds `states`, the trellis states.
  package func safetensors(withStates: Bool = false) -> [UInt8] {
    var file = SafetensorsWriter(metadata: [
      Self.metadataKey: TokenDescription(self, isComplete: false).serialized()
    ])
    file.add("tokens", shape: shape, int32: tokens)
    if withStates { file.add("states", shape: shape, int32: states()) }
    file.add("levels", shape: [levelMap.rows, levelMap.columns], uint8: levelMap.levels)
    for (k, chunk) in ancillary.enumerated() {
      file.add("chunk.\(k)", shape: [chunk.payload.count], uint8: chunk.payload)
    }
    return file.serialized()
  }

  /// Reads a safetensors file. Inverse of `safetensors(withStates:)`; states follow from tokens and are not read.
  ///
  /// - Throws: `ModelError` for a damaged file, `TokenError` for tokens that make no picture.
  package init(safetensors bytes: [UInt8]) throws {
    // The description has the units of graphics.
    let file = try Safetensors(
      parsing: bytes, maximumHeaderBytes: TokenDescription.maximumBytes)
    guard let text = file.metadata[Self.metadataKey] else {
      throw TokenError.badDescription("the metadata has no entry \(Self.metadataKey)")
    }
    let description = try TokenDescription(parsing: Array(text.utf8))
    let grid = file.shape(of: "levels") ?? []
    let header = try description.header(DecodeLimits())
    let levels = try file.integers("levels")
    guard grid == [header.rows, header.columns] else {
      throw TokenError.wrongShape(
        name: "levels", expected: [header.rows, header.columns], found: grid)
    }
    guard levels.allSatisfy({ UInt8(exactly: $0) != nil }) else {
      throw TokenError.badDescription("a level is not 0 to 255")
    }
    let chunks = try description.chunks.indices.map { k in
      let name = "chunk.\(k)"
      let values = try file.integers(name)
      guard values.allSatisfy({ UInt8(exactly: $0) != nil }) else {
        throw TokenError.badDescription("\(name) has values that are no bytes")
      }
      return values.map { UInt8(truncatingIfNeeded: $0) }
    }
    let values = try file.integers("tokens")
    self = try description.tokens(
      shape: file.shape(of: "tokens") ?? [], values: values,
      levels: levels.map { UInt8(truncatingIfNeeded: $0) }, chunks: chunks)
  }

  /// The tokens as an array in NumPy's format, and the JSON text that belongs to it. Inverse:
  /// `init(numPy:description:)`.
  package func numPy() throws -> (array: [UInt8], description: [UInt8]) {
    let text = TokenDescription(self, isComplete: true).serialized()
    return (NumPyArray.serialized(tokens, shape: shape), Array(text.utf8))
  }

  /// The trellis states as an array in NumPy's format.
  package func numPyStates() -> [UInt8] { NumPyArray.serialized(states(), shape: shape) }

  /// Reads an array in NumPy's format and its description. Inverse of `numPy`.
  ///
  /// - Throws: `TokenError`.
  package init(numPy array: [UInt8], description text: [UInt8]) throws(TokenError) {
    let description = try TokenDescription(parsing: text)
    let array = try NumPyArray(parsing: array)
    guard let levels = description.levels else { throw .badDescription("levels are missing") }
    guard levels.count == description.rows,
      levels.allSatisfy({ $0.count == description.columns })
    else {
      throw .badDescription(
        "levels are not \(description.rows) rows of \(description.columns)")
    }
    var chunks: [[UInt8]] = []
    for chunk in description.chunks {
      guard let bytes = chunk.bytes else { throw .badDescription("a chunk has no bytes") }
      chunks.append(bytes)
    }
    self = try description.tokens(
      shape: array.shape, values: array.values, levels: Array(levels.joined()), chunks: chunks)
  }

  /// The bytes of the file that the tokens describe, read back once, so that what is written can be read.
  ///
  /// - Throws: `BitstreamError` when readers would refuse the chunks.
  package func serializedPicture() throws(BitstreamError) -> [UInt8] {
    let bytes = codedPicture().serialized()
    let file = try FileStructure(parsing: bytes)
    _ = try file.alpha()
    _ = try CodedPicture(file)
    return bytes
  }
}

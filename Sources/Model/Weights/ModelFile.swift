import GQBitstream

/// Files of weights: what names them, and where they are.
package enum ModelFile {
  /// The first 8 bytes of the SHA-256 of a weights file: the model id in a `.gqz` header.
  package static func identifier(of bytes: [UInt8]) -> [UInt8] {
    Array(SHA256.digest(of: bytes).prefix(8))
  }
}

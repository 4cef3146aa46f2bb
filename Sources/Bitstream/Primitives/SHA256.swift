internal import CGQSHA256

/// SHA-256 (FIPS 180-4).
package enum SHA256 {
  /// The digest of some bytes, 32 bytes.
  package static func digest(of bytes: [UInt8]) -> [UInt8] {
    [UInt8](unsafeUninitializedCapacity: 32) { digest, count in
      sha256(bytes, bytes.count, digest.baseAddress)
      count = 32
    }
  }
}

#if canImport(Glibc)
  internal import Glibc
#elseif canImport(Musl)
  internal import Musl
#elseif canImport(Darwin)
  internal import Darwin
#endif

/// The program's standard output, for bytes instead of text.
package enum StandardOutput {
  /// Whether a person would see the bytes.
  package static var isTerminal: Bool { isatty(STDOUT_FILENO) == 1 }

  /// Writes all bytes, past any buffer of `print`.
  package static func write(_ bytes: [UInt8]) throws(FileError) {
    try writeAll(bytes, to: STDOUT_FILENO, path: "standard output")
  }
}

#if canImport(Glibc)
  internal import Glibc
#elseif canImport(Musl)
  internal import Musl
#elseif canImport(Darwin)
  internal import Darwin
#endif

/// Reads whole files. ``AtomicFile`` is the inverse.
package enum FileReader {
  /// Reads a file, or standard input when the path is "-".
  ///
  /// Reads at most one byte beyond `maxBytes`, and throws when there is one.
  package static func read(_ path: String, maxBytes: Int) throws(FileError) -> [UInt8] {
    precondition(maxBytes >= 0 && maxBytes < Int.max, "the most bytes are a number of bytes")
    if path == "-" {
      return try readAll(from: STDIN_FILENO, path: "standard input", maxBytes: maxBytes)
    }
    try checkPath(path, .open)
    let file = try FileDescriptor(opening: path, flags: O_RDONLY, for: .open)
    return try readAll(from: file.number, path: path, maxBytes: maxBytes)
  }

  /// Reads an open file to its end.
  private static func readAll(
    from number: CInt, path: String, maxBytes: Int
  ) throws(FileError) -> [UInt8] {
    // The size is a hint: pipes have none, and a file may grow meanwhile.
    var status = stat()
    var expected = 0
    if fstat(number, &status) == 0, status.st_mode & S_IFMT == S_IFREG {
      if status.st_size > maxBytes { throw .tooLarge(path: path, maxBytes: maxBytes) }
      expected = Int(status.st_size)
      if !hasMemory(expected) { throw .system(.read, path: path, code: ENOMEM) }
    }
    var bytes: [UInt8] = []
    var isAtEnd = false
    while !isAtEnd {
      let wanted = min(max(expected - bytes.count + 1, 65536), maxBytes + 1 - bytes.count, 1 << 30)
      var code: Int32 = 0
      let piece = [UInt8](unsafeUninitializedCapacity: wanted) { buffer, count in
        let result = Self.read(number, into: buffer.baseAddress, count: wanted)
        code = result.code
        count = result.count
      }
      if code == EINTR { continue }
      if code != 0 { throw .system(.read, path: path, code: code) }
      isAtEnd = piece.isEmpty
      if bytes.isEmpty { bytes = piece } else { bytes += piece }
      if bytes.count > maxBytes { throw .tooLarge(path: path, maxBytes: maxBytes) }
    }
    return bytes
  }

  /// One read call: how many bytes came, or the errno value.
  private static func read(
    _ number: CInt, into start: UnsafeMutablePointer<UInt8>?, count: Int
  ) -> (count: Int, code: Int32) {
    #if canImport(Glibc)
      let result = Glibc.read(number, start, count)
    #elseif canImport(Musl)
      let result = Musl.read(number, start, count)
    #elseif canImport(Darwin)
      let result = Darwin.read(number, start, count)
    #endif
    return result < 0 ? (0, errno) : (result, 0)
  }
}

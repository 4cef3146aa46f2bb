#if canImport(Glibc)
  internal import Glibc
#elseif canImport(Musl)
  internal import Musl
#elseif canImport(Darwin)
  internal import Darwin
#endif

/// The system's words for an errno value.
func systemMessage(_ code: Int32) -> String {
  guard let text = strerror(code) else { return "error \(code)" }
  return String(cString: text)
}

/// Throws for a path that C would cut short at a zero byte.
func checkPath(_ path: String, _ operation: FileError.Operation) throws(FileError) {
  if path.isEmpty { throw .system(operation, path: path, code: ENOENT) }
  if path.utf8.contains(0) { throw .system(operation, path: path, code: EINVAL) }
}

/// An open file, closed with the value.
struct FileDescriptor: ~Copyable {
  /// The number that the system knows it by.
  let number: CInt

  /// Opens a file; `path` also serves in errors.
  init(
    opening path: String, flags: CInt, mode: mode_t = 0o666, for operation: FileError.Operation
  ) throws(FileError) {
    while true {
      let number = open(cPath(path), flags | O_CLOEXEC, mode)
      if number >= 0 {
        self.number = number
        return
      }
      let code = errno
      if code != EINTR { throw .system(operation, path: path, code: code) }
    }
  }

  deinit { _ = close(number) }
}

/// Writes all bytes to an open file.
func writeAll(_ bytes: [UInt8], to number: CInt, path: String) throws(FileError) {
  try bytes.withUnsafeBufferPointer { (buffer) throws(FileError) in
    var position = 0
    while position < buffer.count {
      let rest = UnsafeBufferPointer(rebasing: buffer[position...])
      // Some systems refuse more than 2 GiB at once.
      let count = write(number, rest.baseAddress, min(rest.count, 1 << 30))
      if count > 0 {
        position += count
        continue
      }
      let code = count == 0 ? EIO : errno
      if code != EINTR { throw FileError.system(.write, path: path, code: code) }
    }
  }
}

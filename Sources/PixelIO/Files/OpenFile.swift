#if canImport(Glibc)
  internal import Glibc
#elseif canImport(Musl)
  internal import Musl
#elseif canImport(Darwin)
  internal import Darwin
#endif

/// A file that is open to be read anywhere.
final class OpenFile: Sendable {
  let path: String
  let byteCount: Int
  let number: CInt

  /// Opens a file, nil for what is no file but a pipe or a device.
  init?(_ path: String, maxBytes: Int) throws(FileError) {
    try checkPath(path, .open)
    var status = stat()
    guard stat(cPath(path), &status) == 0 else { throw .system(.open, path: path, code: errno) }
    guard status.st_mode & S_IFMT == S_IFREG else { return nil }
    number = open(cPath(path), O_RDONLY | O_CLOEXEC)
    guard number >= 0 else { throw .system(.open, path: path, code: errno) }
    self.path = path
    // Of the file that is open now, whatever its name stood for before.
    guard fstat(number, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
      throw .system(.open, path: path, code: errno)
    }
    byteCount = Int(status.st_size)
    if byteCount > maxBytes { throw .tooLarge(path: path, maxBytes: maxBytes) }
  }

  deinit { _ = close(number) }

  /// Bytes from a place on, fewer at the file's end.
  func bytes(at offset: Int, count: Int) throws(FileError) -> [UInt8] {
    var code: Int32 = 0
    let bytes = [UInt8](unsafeUninitializedCapacity: count) { buffer, found in
      found = 0
      while found < count {
        let result = pread(
          number, buffer.baseAddress.map { $0 + found }, count - found, off_t(offset + found))
        if result < 0, errno == EINTR { continue }
        if result < 0 { code = errno }
        if result <= 0 { return }
        found += result
      }
    }
    if code != 0 { throw .system(.read, path: path, code: code) }
    return bytes
  }
}

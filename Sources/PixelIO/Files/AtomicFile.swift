internal import CGQPixelIO

#if canImport(Glibc)
  internal import Glibc
#elseif canImport(Musl)
  internal import Musl
#elseif canImport(Darwin)
  internal import Darwin
#endif

/// Writes whole files: under its name a file is complete or absent, whatever fails.
package enum AtomicFile {
  /// Writes bytes to a temporary file beside the final one, then renames it.
  ///
  /// Without `overwrite` an existing file stays, even one that appears meanwhile. With it, a file
  /// behind a symbolic link is replaced and the link stays, and so do the file's permissions.
  /// Devices and pipes cannot be replaced: the bytes go straight in.
  /// ``FileReader/read(_:maxBytes:)`` is the inverse.
  package static func write(
    _ bytes: [UInt8], to path: String, overwrite: Bool
  ) throws(FileError) {
    do {
      try write(to: path, overwrite: overwrite) { write in try write(bytes) }
    } catch let error as FileError {
      throw error
    } catch {
      preconditionFailure("only file errors are thrown here")
    }
  }

  /// The same for bytes that come one after the other: `body` gets a function that writes some more. When it throws, there
  /// is no file.
  package static func write(
    to path: String, overwrite: Bool,
    _ body: (_ write: @escaping ([UInt8]) throws(FileError) -> Void) throws -> Void
  ) throws {
    try checkPath(path, .create)
    if let number = descriptor(path) {
      return try body { bytes throws(FileError) in try writeAll(bytes, to: number, path: path) }
    }
    var target = path
    var permissions: mode_t?
    var status = stat()
    if stat(cPath(path), &status) == 0 {
      switch status.st_mode & S_IFMT {
      case S_IFREG:
        if !overwrite { throw FileError.alreadyExists(path: path) }
        target = resolved(path)
        permissions = status.st_mode & 0o777
      case S_IFDIR:
        throw FileError.system(.create, path: path, code: EISDIR)
      default:
        let device = try FileDescriptor(opening: path, flags: O_WRONLY, for: .open)
        return try body { bytes throws(FileError) in
          try writeAll(bytes, to: device.number, path: path)
        }
      }
    } else if lstat(cPath(path), &status) == 0, status.st_mode & S_IFMT == S_IFLNK {
      throw FileError.linkToNothing(path: path)
    }

    let directory = SystemPath.folder(target)
    let temporary = try writeTemporary(
      in: directory, permissions: permissions, finalPath: path, body)
    let code =
      overwrite
      ? (rename(cPath(temporary), cPath(target)) == 0 ? 0 : errno)
      : gq_rename_without_replacing(cPath(temporary), cPath(target))
    if code != 0 {
      _ = unlink(cPath(temporary))
      if code == EEXIST && !overwrite { throw FileError.alreadyExists(path: path) }
      throw FileError.system(.rename, path: path, code: code)
    }
    flushDirectory(directory)
  }

  /// Whether something is there under this name; `write` without `overwrite` would refuse it, pipes and
  /// devices apart.
  package static func exists(_ path: String) -> Bool {
    var status = stat()
    return descriptor(path) == nil && lstat(cPath(path), &status) == 0
      && status.st_mode & S_IFMT != S_IFCHR
      && status.st_mode & S_IFMT != S_IFIFO
  }

  /// Writes a new file with a name of its own and returns its path. Errors name the final path.
  ///
  /// Where the system can, the file has no name before it is whole: nothing is left of it when the process ends early.
  private static func writeTemporary(
    in directory: String, permissions: mode_t?, finalPath: String,
    _ body: (_ write: @escaping ([UInt8]) throws(FileError) -> Void) throws -> Void
  ) throws -> String {
    let unnamed = gq_open_unnamed(cPath(directory))
    if unnamed >= 0 {
      defer { _ = close(unnamed) }
      try fill(unnamed, permissions: permissions, finalPath: finalPath, body)
      return try create(in: directory, finalPath: finalPath) { gq_name_unnamed(unnamed, cPath($0)) }
    }
    var number: CInt = -1
    let temporary = try create(in: directory, finalPath: finalPath) { path in
      number = open(cPath(path), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o666)
      return number < 0 ? errno : 0
    }
    defer { _ = close(number) }
    do {
      try fill(number, permissions: permissions, finalPath: finalPath, body)
    } catch {
      _ = unlink(cPath(temporary))
      throw error
    }
    return temporary
  }

  /// Makes a file under a name that is not taken, by a call that returns an errno value, and returns its path.
  private static func create(
    in directory: String, finalPath: String, _ make: (String) -> CInt
  ) throws -> String {
    for _ in 0..<16 {
      let unique = String(UInt64.random(in: 0...UInt64.max), radix: 36)
      let path = SystemPath.joined(directory, ".gqimg-\(unique).tmp")
      let code = make(path)
      if code == 0 { return path }
      if code != EEXIST, code != EINTR {
        throw FileError.system(.create, path: finalPath, code: code)
      }
    }
    throw FileError.system(.create, path: finalPath, code: EEXIST)
  }

  /// Writes what `body` gives and waits until it is on the disk.
  private static func fill(
    _ number: CInt, permissions: mode_t?, finalPath: String,
    _ body: (_ write: @escaping ([UInt8]) throws(FileError) -> Void) throws -> Void
  ) throws {
    if let permissions { _ = fchmod(number, permissions) }
    try body { bytes throws(FileError) in try writeAll(bytes, to: number, path: finalPath) }
    // EINVAL and ENOTSUP: a file system that cannot be waited for.
    while fsync(number) != 0 {
      let code = errno
      if code == EINTR { continue }
      if code == EINVAL || code == ENOTSUP { break }
      throw FileError.system(.flush, path: finalPath, code: code)
    }
  }

  /// The path of the file behind symbolic links.
  private static func resolved(_ path: String) -> String {
    guard let text = realpath(cPath(path), nil) else { return path }
    defer { free(text) }
    return SystemPath.string(cString: text)
  }

  /// The open file that a path like /dev/stdout stands for: opened anew, a file behind it would be written from its
  /// start, whatever it has already.
  private static func descriptor(_ path: String) -> CInt? {
    switch path {
    case "/dev/stdout": return STDOUT_FILENO
    case "/dev/stderr": return STDERR_FILENO
    default:
      for folder in ["/dev/fd/", "/proc/self/fd/"] where path.hasPrefix(folder) {
        return CInt(path.dropFirst(folder.count))
      }
      return nil
    }
  }

  /// Puts the new name on the disk too. The file is complete either way, so failure is no error.
  private static func flushDirectory(_ directory: String) {
    let number = open(cPath(directory), O_RDONLY | O_CLOEXEC)
    guard number >= 0 else { return }
    _ = fsync(number)
    _ = close(number)
  }
}

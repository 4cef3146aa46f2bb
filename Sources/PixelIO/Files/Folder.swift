#if canImport(Glibc)
  internal import Glibc
#elseif canImport(Musl)
  internal import Musl
#elseif canImport(Darwin)
  internal import Darwin
#endif

/// Folders of the file system.
package enum Folder {
  /// What lies in a folder and the folders in it, other than folders.
  package struct Contents: Sendable {
    /// Names of files, from the folder on, in the order of their bytes.
    package var files: [String] = []
    /// Names of pipes, devices, and links that lead nowhere or to folders, which are not followed.
    package var others: [String] = []
    /// Folders that could not be read.
    package var failures: [FileError] = []
  }

  /// Whether a path leads to a folder.
  package static func exists(_ path: String) -> Bool {
    var status = stat()
    return stat(cPath(path), &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
  }

  /// Makes a folder, and those that it lies in, unless they are there.
  package static func make(_ path: String) throws(FileError) {
    if exists(path) { return }
    try checkPath(path, .create)
    let parent = SystemPath.folder(path)
    if parent != path { try make(parent) }
    if mkdir(cPath(path), 0o777) != 0, !exists(path) {
      throw .system(.create, path: path, code: errno)
    }
  }

  /// Everything that lies in a folder, at any depth.
  package static func contents(_ path: String) -> Contents {
    var contents = Contents()
    var folders = [""]
    while let folder = folders.popLast() {
      let place = folder.isEmpty ? path : SystemPath.joined(path, folder)
      guard let stream = opendir(cPath(place)) else {
        contents.failures.append(.system(.open, path: place, code: errno))
        continue
      }
      defer { _ = closedir(stream) }
      while let entry = readdir(stream) {
        let name = withUnsafePointer(to: &entry.pointee.d_name) { tuple in
          tuple.withMemoryRebound(to: CChar.self, capacity: 1) { SystemPath.string(cString: $0) }
        }
        if name == "." || name == ".." { continue }
        let inner = folder.isEmpty ? name : SystemPath.joined(folder, name)
        let full = cPath(SystemPath.joined(path, inner))
        var status = stat()
        guard lstat(full, &status) == 0 else { continue }
        let isFolder = status.st_mode & S_IFMT == S_IFDIR
        if isFolder {
          folders.append(inner)
        } else if stat(full, &status) == 0, status.st_mode & S_IFMT == S_IFREG {
          contents.files.append(inner)
        } else {
          contents.others.append(inner)
        }
      }
    }
    contents.files.sort { SystemPath.bytes($0).lexicographicallyPrecedes(SystemPath.bytes($1)) }
    contents.others.sort()
    return contents
  }
}

/// Which file a path leads to, whatever its name.
package struct FileIdentity: Sendable, Hashable {
  private let device: UInt64
  private let number: UInt64

  /// Nil when there is no regular file.
  package init?(_ path: String) {
    var status = stat()
    guard stat(cPath(path), &status) == 0, status.st_mode & S_IFMT == S_IFREG else { return nil }
    device = UInt64(truncatingIfNeeded: status.st_dev)
    number = UInt64(truncatingIfNeeded: status.st_ino)
  }
}

/// When files were read and changed.
package enum FileTimes {
  /// Gives a file the times of another one.
  package static func copy(from source: String, to target: String) throws(FileError) {
    var status = stat()
    guard stat(cPath(source), &status) == 0 else {
      throw .system(.read, path: source, code: errno)
    }
    #if canImport(Darwin)
      let times = [status.st_atimespec, status.st_mtimespec]
    #else
      let times = [status.st_atim, status.st_mtim]
    #endif
    guard utimensat(AT_FDCWD, cPath(target), times, 0) == 0 else {
      throw .system(.write, path: target, code: errno)
    }
  }
}

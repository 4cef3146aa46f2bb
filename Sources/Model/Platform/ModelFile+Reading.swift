import CGQLibraryLocation

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
  import Foundation
#endif

// By system calls: a shared library that other programs load should not bring Foundation.
extension ModelFile {
  /// The largest weights file that is read, in bytes.
  package static let maximumBytes = 256 << 20

  /// The path of the weights that come with the program.
  ///
  /// Looked for as `gqimg.safetensors` in the folders that the environment variable `GQIMG_MODEL_PATH` names, separated by
  /// colons; then, first for the shared library that this code may be part of and then for the program, beside it, in the
  /// package's resource bundle beside it, and in `../share/gqimg` as an installation puts it.
  ///
  /// - Throws: `ModelError.noModel`.
  package static func defaultPath() throws(ModelError) -> String {
    let name = "gqimg.safetensors"
    let named = getenv("GQIMG_MODEL_PATH").map { String(cString: $0) } ?? ""
    var candidates = named.split(separator: ":").map { "\($0)/\(name)" }
    let library = gq_library_path().flatMap { realPath(String(cString: $0)) }
    for file in [library, realPath("/proc/self/exe")] {
      guard let file, let slash = file.lastIndex(of: "/") else { continue }
      let folder = file[..<slash]
      for place in [name, "gqimg_GQModel.resources/Resources/\(name)", "../share/gqimg/\(name)"] {
        let candidate = "\(folder)/\(place)"
        if !candidates.contains(candidate) { candidates.append(candidate) }
      }
    }
    for candidate in candidates where access(candidate, R_OK) == 0 {
      return realPath(candidate) ?? candidate
    }
    #if canImport(Darwin)
      // Test bundles lie elsewhere there. Without the resource bundle this call ends the program.
      if let path = Bundle.module.path(forResource: "Resources/gqimg", ofType: "safetensors") {
        return path
      }
    #endif
    throw .noModel("there is no " + candidates.joined(separator: " and no "))
  }

  /// The bytes of a weights file, the one that comes with the program when `path` is nil.
  ///
  /// - Throws: `ModelError.noModel` when it cannot be read, `.limitExceeded`.
  package static func read(_ path: String? = nil) throws(ModelError) -> [UInt8] {
    let path = if let path { path } else { try defaultPath() }
    let file = open(path, O_RDONLY | O_CLOEXEC)
    guard file >= 0 else { throw .noModel("cannot read \(path)") }
    defer { close(file) }
    let size = Int(lseek(file, 0, SEEK_END))
    guard size >= 0 else { throw .noModel("cannot read \(path)") }
    guard size <= maximumBytes else {
      throw .limitExceeded(what: "file size", limit: maximumBytes, found: size)
    }
    // Into its place at once: mapping a file and copying it touches twice as many pages.
    let bytes = [UInt8](unsafeUninitializedCapacity: size) { buffer, count in
      while count < size {
        let found = pread(file, buffer.baseAddress.map { $0 + count }, size - count, off_t(count))
        if found < 0, errno == EINTR { continue }
        if found <= 0 { return }
        count += found
      }
    }
    guard bytes.count == size else { throw .noModel("cannot read \(path)") }
    return bytes
  }

  private static func realPath(_ path: String) -> String? {
    guard let found = realpath(path, nil) else { return nil }
    defer { free(found) }
    return String(cString: found)
  }
}

import CGQLibraryLocation
import GQModel

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// Weights files, found and read by system calls: a shared library that other programs load should not bring Foundation.
enum WeightsFile {
  /// The largest weights file that is read, in bytes.
  private static let maximumBytes = 256 << 20

  /// The bytes of the weights that come with the library for a tuning.
  ///
  /// Looked for as `gqimg.safetensors` or `gqimg-visual.safetensors` in the folders that the environment variable
  /// `GQIMG_MODEL_PATH` names, separated by colons; then, first for this library and then for the program, beside it, in
  /// the package's resource bundle beside it, and in `../share/gqimg`.
  ///
  /// - Throws: `ModelError.noModel`, `.limitExceeded`.
  static func read(tuning: Tuning) throws(ModelError) -> [UInt8] {
    let name = tuning == .psnr ? "gqimg.safetensors" : "gqimg-\(tuning.rawValue).safetensors"
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
      return try read(candidate)
    }
    throw .noModel("there is no " + candidates.joined(separator: " and no "))
  }

  /// The bytes of a weights file.
  ///
  /// - Throws: `ModelError.noModel` when it cannot be read, `.limitExceeded`.
  static func read(_ path: String) throws(ModelError) -> [UInt8] {
    let file = open(path, O_RDONLY | O_CLOEXEC)
    guard file >= 0 else { throw .noModel("cannot read \(path)") }
    defer { close(file) }
    let size = Int(lseek(file, 0, SEEK_END))
    guard size >= 0 else { throw .noModel("cannot read \(path)") }
    guard size <= maximumBytes else {
      throw .limitExceeded(what: "file size", limit: maximumBytes, found: size)
    }
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

#if canImport(FoundationEssentials)
  import FoundationEssentials
#endif
import GQBitstream
import CGQLibraryLocation
import Foundation

extension ModelFile {
  /// The largest weights file that is read, in bytes.
  public static let maximumBytes = 256 << 20

  /// The path of the weights that come with the program for a tuning.
  ///
  /// Looked for as `gqimg.safetensors` or `gqimg-visual.safetensors` in the folders that the environment variable
  /// `GQIMG_MODEL_PATH` names, separated by colons; then, first for the shared library that this code may be part of and
  /// then for the program, beside it, in the package's resource bundle beside it, and in `../share/gqimg` as an
  /// installation puts it.
  ///
  /// - Throws: `ModelError.noModel`.
  public static func defaultPath(_ tuning: Tuning = .visual) throws(ModelError) -> String {
    let stem = tuning == .psnr ? "gqimg" : "gqimg-\(tuning.rawValue)"
    let name = "\(stem).safetensors"
    var candidates = (ProcessInfo.processInfo.environment["GQIMG_MODEL_PATH"] ?? "")
      .split(separator: ":").map { URL(fileURLWithPath: String($0)).appendingPathComponent(name) }
    let library = gq_library_path().map { URL(fileURLWithPath: String(cString: $0)) }
    for file in [library, Bundle.main.executableURL] {
      guard let folder = file?.resolvingSymlinksInPath().deletingLastPathComponent() else {
        continue
      }
      for place in [name, "gqimg_GQModel.resources/Resources/\(name)", "../share/gqimg/\(name)"] {
        let candidate = folder.appendingPathComponent(place)
        if !candidates.contains(candidate) { candidates.append(candidate) }
      }
    }
    for candidate in candidates where FileManager.default.isReadableFile(atPath: candidate.path) {
      return candidate.path
    }
    #if canImport(Darwin)
      // Test bundles lie elsewhere there. Without the resource bundle this call ends the program.
      if let path = Bundle.module.path(forResource: "Resources/\(stem)", ofType: "safetensors") {
        return path
      }
    #endif
    throw .noModel(
      "there is no " + candidates.map(\.standardized.path).joined(separator: " and no "))
  }

  /// The bytes of a weights file, the one that comes with the program for the tuning when `path` is nil.
  ///
  /// - Throws: `ModelError.noModel` when it cannot be read.
  public static func read(
    _ path: String? = nil, tuning: Tuning = .visual
  ) throws(ModelError) -> [UInt8] {
    let path = if let path { path } else { try defaultPath(tuning) }
    guard let file = FileHandle(forReadingAtPath: path), let size = try? file.seekToEnd() else {
      throw .noModel("cannot read \(path)")
    }
    guard size <= UInt64(maximumBytes) else {
      throw .limitExceeded(what: "file size", limit: maximumBytes, found: Int(clamping: size))
    }
    // Into its place at once: mapping a file and copying it touches twice as many pages.
    let bytes = [UInt8](unsafeUninitializedCapacity: Int(size)) { buffer, count in
      while count < Int(size) {
        let start = buffer.baseAddress.map { $0 + count }
        let found = pread(file.fileDescriptor, start, Int(size) - count, off_t(count))
        if found < 0, errno == EINTR { continue }
        if found <= 0 { return }
        count += found
      }
    }
    guard bytes.count == Int(size) else { throw .noModel("cannot read \(path)") }
    return bytes
  }

  /// The weights of a model id, of those that come with the program; nil when none has it.
  public static func read(identifier wanted: [UInt8]) -> [UInt8]? {
    Tuning.allCases.lazy.compactMap { try? read(tuning: $0) }
      .first { identifier(of: $0) == wanted }
  }
}

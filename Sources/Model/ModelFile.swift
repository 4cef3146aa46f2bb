#if canImport(FoundationEssentials)
  import FoundationEssentials
#endif
import Crypto
import Foundation

/// Where the weights are.
public enum ModelFile {
  /// The largest weights file that is read, in bytes.
  public static let maximumBytes = 256 << 20

  /// The path of the weights that come with the program for a tuning.
  ///
  /// Looked for as `gqimg.safetensors` or `gqimg-ms-ssim.safetensors` in the package's resource bundle beside the program, then in
  /// `../share/gqimg` as an installation puts it.
  ///
  /// - Throws: `ModelError.noModel`.
  public static func defaultPath(_ tuning: Tuning = .psnr) throws(ModelError) -> String {
    let stem = tuning == .psnr ? "gqimg" : "gqimg-\(tuning.rawValue)"
    let name = "\(stem).safetensors"
    let program = Bundle.main.executableURL?.resolvingSymlinksInPath().deletingLastPathComponent()
    var candidates: [URL] = []
    if let program {
      candidates = [
        program.appendingPathComponent("gqimg_Model.resources/Resources/\(name)"),
        program.appendingPathComponent("../share/gqimg/\(name)"),
      ]
    }
    for candidate in candidates where FileManager.default.isReadableFile(atPath: candidate.path) {
      return candidate.path
    }
    guard let path = Bundle.module.path(forResource: "Resources/\(stem)", ofType: "safetensors")
    else {
      throw .noModel("\(name) is not beside the program")
    }
    return path
  }

  /// The bytes of a weights file, the one that comes with the program for the tuning when `path` is nil.
  ///
  /// - Throws: `ModelError.noModel` when it cannot be read.
  public static func read(
    _ path: String? = nil, tuning: Tuning = .psnr
  ) throws(ModelError) -> [UInt8] {
    let path = if let path { path } else { try defaultPath(tuning) }
    let data: Data
    do {
      data = try Data(contentsOf: URL(fileURLWithPath: path), options: .mappedIfSafe)
    } catch {
      throw .noModel("cannot read \(path)")
    }
    guard data.count <= maximumBytes else {
      throw .limitExceeded(what: "file size", limit: maximumBytes, found: data.count)
    }
    return [UInt8](data)
  }

  /// The weights that come with the program whose model id is this, or nil.
  public static func read(identifier wanted: [UInt8]) throws(ModelError) -> [UInt8]? {
    for tuning in Tuning.allCases {
      let bytes = try read(tuning: tuning)
      if identifier(of: bytes) == wanted { return bytes }
    }
    return nil
  }

  /// The model id of a weights file: the first 8 bytes of its SHA-256.
  public static func identifier(of bytes: [UInt8]) -> [UInt8] {
    Array(SHA256.hash(data: bytes).prefix(8))
  }
}

import CGQProcessMemory

/// The least memory that a picture takes once the model is loaded: that of its own size, or of a few rows of a large one.
/// What it takes beyond that is met as it comes.
struct MemoryNeed {
  let bytes: Int

  static func encoding(width: Int, height: Int) -> Self {
    Self(pixels: min(width * height, 1 << 21), bytesPerPixel: 40)
  }

  static func decoding(width: Int, height: Int) -> Self {
    Self(pixels: min(width * height, 1 << 20), bytesPerPixel: 60)
  }

  private init(pixels: Int, bytesPerPixel: Int) {
    let (bytes, overflow) = pixels.multipliedReportingOverflow(by: bytesPerPixel)
    self.bytes = overflow ? .max : bytes
  }

  /// Throws, before any work is done for a file, when the system would not give so much.
  func check(_ path: String) throws {
    guard gq_has_memory(bytes) == 0 else { return }
    var message =
      "\(named(path)): not enough memory: it needs at least \(Self.megabytes(bytes)) more"
    let limit = gq_memory_limit()
    if limit >= 0 { message += ", the limit is \(Self.megabytes(Int(limit))) (ulimit -v or -d)" }
    throw Problem(message: message, status: .outOfMemory)
  }

  private static func megabytes(_ bytes: Int) -> String { "\(bytes / 1_000_000 + 1) MB" }
}

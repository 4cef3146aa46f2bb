/// Tells old releases of other codecs, beside which comparisons say little.
enum CodecAge {
  /// The first release of a library that is not old, and when that came out.
  private static let recent: [(name: String, library: String, release: [Int], date: String)] = [
    ("avif", "libavif", [1, 2], "February 2025"), ("jxl", "libjxl", [0, 11], "September 2024"),
    ("webp", "libwebp", [1, 5], "December 2024"), ("heic", "libheif", [1, 19], "October 2024"),
  ]

  /// A sentence about a codec whose release is old; nil for others and where the version is not known.
  static func note(_ codec: CodecIdentity) -> String? {
    guard let entry = recent.first(where: { $0.name == codec.name }),
      let found = release(in: codec.version), isEarlier(found, than: entry.release)
    else { return nil }
    func text(_ release: [Int]) -> String { release.map(String.init).joined(separator: ".") }
    return
      "\(codec.title) is old here: \(entry.library) \(text(found)), before \(text(entry.release)) "
      + "of \(entry.date). Current releases may do better; the Python package imagecodecs has them (--python)."
  }

  /// The first number with points in a text.
  static func release(in text: String) -> [Int]? {
    for word in text.split(whereSeparator: { !($0.isASCII && ($0.isNumber || $0 == ".")) }) {
      let numbers = word.split(separator: ".").compactMap { Int($0) }
      if numbers.count >= 2 { return numbers }
    }
    return nil
  }

  private static func isEarlier(_ release: [Int], than other: [Int]) -> Bool {
    for (a, b) in zip(release, other) where a != b { return a < b }
    return release.count < other.count
  }
}

/// Finds the setting of a codec that fills a number of bytes. Remembers files, since sizes asked for one after the
/// other pass the same settings.
final class QualitySearch {
  private var files: [Int: EncodedFile] = [:]

  /// The file of a setting, made when it is not known.
  func file(_ setting: Int, encode: (Int) throws -> EncodedFile) rethrows -> EncodedFile {
    if let known = files[setting] { return known }
    let file = try encode(setting)
    files[setting] = file
    return file
  }

  /// The largest file that has at most `limit` bytes, of those that bisection over rising settings meets; nil when the
  /// lowest setting's is larger.
  ///
  /// What it meets depends on the limit alone, not on what was remembered, so results can be repeated. Where sizes do
  /// not rise with every setting another one may fit slightly better.
  func largest(
    atMost limit: Int, settings: ClosedRange<Int>, encode: (Int) throws -> EncodedFile
  ) rethrows -> (setting: Int, file: EncodedFile)? {
    var (low, high) = (settings.lowerBound - 1, settings.upperBound + 1)
    var best: (setting: Int, file: EncodedFile)?
    func visit(_ setting: Int) throws -> Bool {
      let file = try file(setting, encode: encode)
      guard file.bytes.count <= limit else { return false }
      if file.bytes.count > best?.file.bytes.count ?? -1 { best = (setting, file) }
      return true
    }
    while high - low > 1 {
      let middle = (low + high) / 2
      if try visit(middle) { low = middle } else { high = middle }
    }
    return best
  }
}

/// A codec that is told a quality and not a size.
protocol QualityCodec: PictureCodec {
  /// The settings from the smallest file to the largest.
  var settings: ClosedRange<Int> { get }

  /// The file of one setting.
  func encode(_ source: SourcePicture, setting: Int) throws -> EncodedFile

  /// What making the file of one setting takes.
  func timeEncode(_ source: SourcePicture, setting: Int) throws -> RunCost?
}

extension QualityCodec {
  /// The largest file that fits, by search over the settings.
  func encode(_ source: SourcePicture, atMost byteCount: Int) throws -> EncodedFile? {
    try search(source, atMost: byteCount)
  }

  func search(_ source: SourcePicture, atMost byteCount: Int) throws -> EncodedFile? {
    try source.search(for: identity).largest(atMost: byteCount, settings: settings) {
      try encode(source, setting: $0)
    }?.file
  }

  /// The file of the next setting that gives a larger one.
  func next(after file: EncodedFile, of source: SourcePicture) throws -> EncodedFile? {
    guard let number = file.setting?.number else { return nil }
    let search = source.search(for: identity)
    for setting in (number + 1)..<(settings.upperBound + 1) {
      let next = try search.file(setting) { try encode(source, setting: $0) }
      if next.bytes.count > file.bytes.count { return next }
    }
    return nil
  }

  func timeEncode(_ source: SourcePicture, atMost byteCount: Int, setting: Int?) throws -> RunCost?
  {
    guard let setting else { return nil }
    return try timeEncode(source, setting: setting)
  }
}

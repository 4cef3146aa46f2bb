/// A picture that takes part.
package struct PictureSize: Sendable, Equatable, Encodable {
  /// The name of its file.
  package let name: String
  /// Pixels in a row.
  package let width: Int
  /// Rows.
  package let height: Int
  /// Whether it has alpha.
  package let hasAlpha: Bool
  /// SHA-256 of size, kind and pixels: equal for equal pictures, whatever their files are.
  let digest: String

  private enum CodingKeys: String, CodingKey {
    case name, width, height, hasAlpha
  }

  /// Pixels in all.
  var pixelCount: Int { width * height }

  /// The most bytes that the picture may take at a rate.
  func byteCount(rate: Double) -> Int { Int(rate * Double(pixelCount) / 8) }
}

/// A file that was left out.
package struct LeftOutPicture: Sendable, Equatable, Encodable {
  /// Its name.
  package let name: String
  /// Why it cannot be measured.
  package let reason: String

  /// Makes a value.
  package init(name: String, reason: String) {
    self.name = name
    self.reason = reason
  }
}

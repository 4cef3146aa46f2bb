/// A picture that takes part.
public struct PictureSize: Sendable, Equatable, Encodable {
  /// The name of its file.
  public let name: String
  /// Pixels in a row.
  public let width: Int
  /// Rows.
  public let height: Int
  /// Whether it has alpha.
  public let hasAlpha: Bool
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
public struct LeftOutPicture: Sendable, Equatable, Encodable {
  /// Its name.
  public let name: String
  /// Why it cannot be measured.
  public let reason: String

  /// Makes a value.
  public init(name: String, reason: String) {
    self.name = name
    self.reason = reason
  }
}

/// The file formats that pictures come in.
public enum PictureFormat: String, Sendable, CaseIterable, CustomStringConvertible {
  /// Portable Network Graphics.
  case png = "PNG"
  /// JPEG, baseline or progressive.
  case jpeg = "JPEG"

  /// The format whose signature a file begins with, or nil when it is none of these.
  public init?(signatureOf bytes: [UInt8]) {
    for format in Self.allCases where bytes.starts(with: format.signature) {
      self = format
      return
    }
    return nil
  }

  /// The bytes that every file of this format begins with.
  public var signature: [UInt8] {
    switch self {
    case .png: [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]
    case .jpeg: [0xFF, 0xD8, 0xFF]
    }
  }

  /// The usual name: "PNG" or "JPEG".
  public var description: String { rawValue }
}

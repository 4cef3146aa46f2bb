import Mustache

/// The templates and other texts that the program carries in itself.
enum Template {
  /// A text of `Resources`.
  static func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }

  /// A template filled in.
  static func render(_ bytes: [UInt8], _ values: some Any) throws -> [UInt8] {
    Array(try MustacheTemplate(string: text(bytes)).render(values).utf8)
  }
}

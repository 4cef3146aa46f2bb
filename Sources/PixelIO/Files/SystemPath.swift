/// Names of files as strings. The system's names are bytes, which need not be UTF-8, and a combining mark behind a slash
/// does not belong to the slash: names are parsed by bytes, never by characters.
package enum SystemPath {
  /// Bytes that are not UTF-8 stand in strings as this code point plus the byte; so do the bytes of such a code point.
  private static let escapes: UInt32 = 0x10FF00

  /// The string that stands for a name. ``bytes(_:)`` is the inverse.
  package static func string(_ bytes: [UInt8]) -> String {
    if let text = String(validating: bytes, as: UTF8.self),
      !text.unicodeScalars.contains(where: { $0.value >= escapes })
    {
      return text
    }
    var scalars = String.UnicodeScalarView()
    var position = 0
    while position < bytes.count {
      let rest = bytes[position...]
      let scalar = (1...4).lazy.compactMap { count in
        String(validating: rest.prefix(count), as: UTF8.self)?.unicodeScalars.first
      }.first
      if let scalar, scalar.value < escapes {
        scalars.append(scalar)
        position += String(scalar).utf8.count
      } else if let scalar = Unicode.Scalar(escapes + UInt32(bytes[position])) {
        scalars.append(scalar)
        position += 1
      }
    }
    return String(scalars)
  }

  /// The string that stands for a name that ends with a zero byte.
  package static func string(cString: UnsafePointer<CChar>) -> String {
    var bytes: [UInt8] = []
    while cString[bytes.count] != 0 { bytes.append(UInt8(bitPattern: cString[bytes.count])) }
    return string(bytes)
  }

  /// The bytes of a name, or of a text with names in it. ``string(_:)`` is the inverse.
  package static func bytes(_ path: String) -> [UInt8] {
    guard path.unicodeScalars.contains(where: { $0.value >= escapes }) else {
      return Array(path.utf8)
    }
    return path.unicodeScalars.flatMap { scalar in
      scalar.value >= escapes ? [UInt8(scalar.value - escapes)] : Array(String(scalar).utf8)
    }
  }

  /// What stands behind the last slash.
  package static func name(_ path: String) -> String {
    let path = withoutSlashes(path)
    guard let slash = path.utf8.lastIndex(of: UInt8(ascii: "/")) else { return path }
    return String(path[path.utf8.index(after: slash)...])
  }

  /// The folder that a path lies in.
  package static func folder(_ path: String) -> String {
    let path = withoutSlashes(path)
    guard let slash = path.utf8.lastIndex(of: UInt8(ascii: "/")) else { return "." }
    return slash == path.startIndex ? "/" : String(path[..<slash])
  }

  /// A name in a folder.
  package static func joined(_ folder: String, _ name: String) -> String {
    folder.utf8.last == UInt8(ascii: "/") ? folder + name : "\(folder)/\(name)"
  }

  /// What stands behind the last dot of a name, in small letters; empty without one.
  package static func ending(_ path: String) -> String {
    guard let dot = lastDot(path) else { return "" }
    return String(path[path.utf8.index(after: dot)...]).lowercased()
  }

  /// A path without its ending.
  package static func withoutEnding(_ path: String) -> String {
    lastDot(path).map { String(path[..<$0]) } ?? path
  }

  /// The dot in front of the ending; one that begins a name begins no ending.
  private static func lastDot(_ path: String) -> String.Index? {
    guard let dot = path.utf8.lastIndex(of: UInt8(ascii: ".")), dot > path.startIndex else {
      return nil
    }
    let slash = UInt8(ascii: "/")
    let rest = path.utf8[path.utf8.index(after: dot)...]
    guard !rest.isEmpty, !rest.contains(slash),
      path.utf8[path.utf8.index(before: dot)] != slash
    else { return nil }
    return dot
  }

  private static func withoutSlashes(_ path: String) -> String {
    var rest = path[...]
    while rest.utf8.count > 1, rest.utf8.last == UInt8(ascii: "/") {
      rest = rest[..<rest.utf8.index(before: rest.endIndex)]
    }
    return String(rest)
  }
}

/// A path as C takes it.
func cPath(_ path: String) -> [CChar] {
  SystemPath.bytes(path).map(CChar.init(bitPattern:)) + [0]
}

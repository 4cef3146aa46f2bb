/// A JSON value (RFC 8259) from bytes that may be hostile: what a weights file's header is made of.
///
/// It needs nothing but the standard library, so that the decoder runs where there is no Foundation.
package enum JSON: Sendable {
  case null
  case bool(Bool)
  /// A number that is an integer of 64 bits.
  case integer(Int64)
  /// Any other number: the nearest binary64 value for up to 15 digits and powers of ten up to 22, close to it beyond.
  case number(Double)
  case string(String)
  case array([JSON])
  case object([String: JSON])

  /// The deepest nesting that is read.
  package static let maximumDepth = 32

  /// Why bytes are no JSON.
  package struct Malformed: Error {
    /// What is wrong, and at which byte.
    package let reason: String
  }

  /// Reads a whole text. Inverse of `text` for what that writes.
  ///
  /// - Throws: `Malformed`, for names that come twice in an object too.
  package init(parsing bytes: some Collection<UInt8>) throws(Malformed) {
    var parser = Parser(bytes: Array(bytes))
    self = try parser.value(depth: 0)
    parser.skipSpace()
    guard parser.isAtEnd else { throw parser.malformed("more follows") }
  }

  package var text: String? { if case .string(let text) = self { text } else { nil } }
  package var object: [String: JSON]? {
    if case .object(let members) = self { members } else { nil }
  }
  package var array: [JSON]? { if case .array(let elements) = self { elements } else { nil } }
  /// An integer that this machine's `Int` has.
  package var integer: Int? {
    if case .integer(let value) = self { Int(exactly: value) } else { nil }
  }
  package var double: Double? {
    switch self {
    case .integer(let value): Double(value)
    case .number(let value): value
    default: nil
    }
  }
  /// An array of integers.
  package var integers: [Int]? { list { $0.integer } }

  /// An array all of whose elements can be converted.
  package func list<Element>(_ convert: (JSON) -> Element?) -> [Element]? {
    guard let array else { return nil }
    var result: [Element] = []
    result.reserveCapacity(array.count)
    for element in array {
      guard let value = convert(element) else { return nil }
      result.append(value)
    }
    return result
  }

  /// A text with what JSON wants escaped, in quotes.
  package static func quoted(_ text: String) -> String {
    var result: [UInt8] = [UInt8(ascii: "\"")]
    for byte in text.utf8 {
      switch byte {
      case UInt8(ascii: "\""), UInt8(ascii: "\\"):
        result += [UInt8(ascii: "\\"), byte]
      case 0..<0x20:
        let digits = Array("0123456789abcdef".utf8)
        result += Array("\\u00".utf8) + [digits[Int(byte >> 4)], digits[Int(byte & 15)]]
      default:
        result.append(byte)
      }
    }
    return String(decoding: result + [UInt8(ascii: "\"")], as: UTF8.self)
  }
}

extension JSON {
  private struct Parser {
    let bytes: [UInt8]
    var place = 0

    var isAtEnd: Bool { place == bytes.count }

    func malformed(_ reason: String) -> Malformed {
      Malformed(reason: "\(reason) at byte \(place)")
    }

    mutating func skipSpace() {
      while place < bytes.count, [0x20, 0x09, 0x0A, 0x0D].contains(bytes[place]) { place += 1 }
    }

    /// Whether the byte comes next; it is passed then.
    mutating func takes(_ byte: UInt8) -> Bool {
      guard place < bytes.count, bytes[place] == byte else { return false }
      place += 1
      return true
    }

    mutating func expect(_ byte: UInt8) throws(Malformed) {
      guard takes(byte) else {
        throw malformed("expected \(String(decoding: [byte], as: UTF8.self))")
      }
    }

    mutating func value(depth: Int) throws(Malformed) -> JSON {
      guard depth < JSON.maximumDepth else { throw malformed("nested too deeply") }
      skipSpace()
      guard place < bytes.count else { throw malformed("expected a value") }
      switch bytes[place] {
      case UInt8(ascii: "{"): return try object(depth)
      case UInt8(ascii: "["): return try array(depth)
      case UInt8(ascii: "\""): return .string(try text())
      case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): return try number()
      default:
        for (word, value) in [("null", JSON.null), ("true", .bool(true)), ("false", .bool(false))]
        where bytes[place...].starts(with: word.utf8) {
          place += word.utf8.count
          return value
        }
        throw malformed("expected a value")
      }
    }

    private mutating func object(_ depth: Int) throws(Malformed) -> JSON {
      place += 1
      var members: [String: JSON] = [:]
      skipSpace()
      if takes(UInt8(ascii: "}")) { return .object(members) }
      repeat {
        skipSpace()
        let start = place
        let name = try text()
        guard members[name] == nil else {
          place = start
          throw malformed("a name for the second time")
        }
        skipSpace()
        try expect(UInt8(ascii: ":"))
        members[name] = try value(depth: depth + 1)
        skipSpace()
      } while takes(UInt8(ascii: ","))
      try expect(UInt8(ascii: "}"))
      return .object(members)
    }

    private mutating func array(_ depth: Int) throws(Malformed) -> JSON {
      place += 1
      var elements: [JSON] = []
      skipSpace()
      if takes(UInt8(ascii: "]")) { return .array(elements) }
      repeat {
        elements.append(try value(depth: depth + 1))
        skipSpace()
      } while takes(UInt8(ascii: ","))
      try expect(UInt8(ascii: "]"))
      return .array(elements)
    }

    private mutating func text() throws(Malformed) -> String {
      try expect(UInt8(ascii: "\""))
      var found: [UInt8] = []
      while true {
        guard place < bytes.count, bytes[place] >= 0x20 else { throw malformed("unfinished text") }
        let byte = bytes[place]
        place += 1
        if byte == UInt8(ascii: "\"") { return String(decoding: found, as: UTF8.self) }
        guard byte == UInt8(ascii: "\\") else {
          found.append(byte)
          continue
        }
        guard place < bytes.count else { throw malformed("unfinished text") }
        let escaped = bytes[place]
        place += 1
        switch escaped {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): found.append(escaped)
        case UInt8(ascii: "b"): found.append(0x08)
        case UInt8(ascii: "f"): found.append(0x0C)
        case UInt8(ascii: "n"): found.append(0x0A)
        case UInt8(ascii: "r"): found.append(0x0D)
        case UInt8(ascii: "t"): found.append(0x09)
        case UInt8(ascii: "u"): found += Array(String(try scalar()).utf8)
        default: throw malformed("unknown escape")
        }
      }
    }

    /// What `\u` stands for, with the second half of a surrogate pair.
    private mutating func scalar() throws(Malformed) -> Character {
      var code = try hexadecimal()
      if (0xD800..<0xDC00).contains(code), takes(UInt8(ascii: "\\")), takes(UInt8(ascii: "u")) {
        let low = try hexadecimal()
        guard (0xDC00..<0xE000).contains(low) else { throw malformed("half a surrogate pair") }
        code = 0x10000 + (code - 0xD800) << 10 + (low - 0xDC00)
      }
      guard let scalar = Unicode.Scalar(code) else { throw malformed("half a surrogate pair") }
      return Character(scalar)
    }

    private mutating func hexadecimal() throws(Malformed) -> UInt32 {
      var code: UInt32 = 0
      for _ in 0..<4 {
        guard place < bytes.count else { throw malformed("unfinished text") }
        let digit: UInt8
        switch bytes[place] {
        case let byte where (0x30...0x39).contains(byte): digit = byte - 0x30
        case let byte where (0x41...0x46).contains(byte): digit = byte - 0x41 + 10
        case let byte where (0x61...0x66).contains(byte): digit = byte - 0x61 + 10
        default: throw malformed("expected four digits of base 16")
        }
        code = code << 4 | UInt32(digit)
        place += 1
      }
      return code
    }

    private mutating func number() throws(Malformed) -> JSON {
      let isNegative = takes(UInt8(ascii: "-"))
      var (digits, exponent, isExact) = (UInt64(0), 0, true)
      /// Takes digits, at least one; those of a fraction lower the exponent.
      func take(_ parser: inout Parser, fraction: Bool) throws(Malformed) {
        let start = parser.place
        while parser.place < parser.bytes.count,
          (0x30...0x39).contains(parser.bytes[parser.place])
        {
          let (tenfold, overflow) = digits.multipliedReportingOverflow(by: 10)
          let (sum, carry) = tenfold.addingReportingOverflow(
            UInt64(parser.bytes[parser.place] - 0x30))
          if overflow || carry || !isExact {
            // Digits that no number of 64 bits can have.
            isExact = false
            if !fraction { exponent += 1 }
          } else {
            digits = sum
            if fraction { exponent -= 1 }
          }
          parser.place += 1
        }
        guard parser.place > start else { throw parser.malformed("expected a digit") }
        if !fraction, parser.bytes[start] == 0x30, parser.place > start + 1 {
          throw parser.malformed("a number that begins with 0")
        }
      }
      try take(&self, fraction: false)
      var isInteger = isExact
      if takes(UInt8(ascii: ".")) {
        isInteger = false
        try take(&self, fraction: true)
      }
      if takes(UInt8(ascii: "e")) || takes(UInt8(ascii: "E")) {
        isInteger = false
        let isBelow = takes(UInt8(ascii: "-"))
        if !isBelow { _ = takes(UInt8(ascii: "+")) }
        var power = 0
        let start = place
        while place < bytes.count, (0x30...0x39).contains(bytes[place]) {
          power = min(100_000, power * 10 + Int(bytes[place] - 0x30))
          place += 1
        }
        guard place > start else { throw malformed("expected a digit") }
        exponent += isBelow ? -power : power
      }
      if isInteger, let magnitude = Int64(exactly: digits) {
        return .integer(isNegative ? -magnitude : magnitude)
      }
      // Exactly rounded for up to 15 digits and powers up to 10^22, which binary64 has exactly.
      var value = Double(digits)
      var left = min(abs(exponent), 700)
      while left > 0, value != 0, value.isFinite {
        let step = min(left, 22)
        var power = 1.0
        for _ in 0..<step { power *= 10 }
        value = exponent < 0 ? value / power : value * power
        left -= step
      }
      return .number(isNegative ? -value : value)
    }
  }
}

/// An array of integers in NumPy's file format, versions 1 to 3
/// (<https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html>).
package struct NumPyArray: Sendable, Equatable {
  /// The most elements that are read.
  package static let maximumElementCount = 1 << 28
  /// The most bytes of a header.
  package static let maximumHeaderBytes = 4096
  /// The most axes.
  package static let maximumRank = 32

  /// Element types by their names in the file.
  package enum ElementType: String, Sendable, CaseIterable {
    /// Signed bytes.
    case int8 = "|i1"
    /// Bytes.
    case uint8 = "|u1"
    /// Signed 16-bit integers.
    case int16 = "<i2"
    /// Unsigned 16-bit integers.
    case uint16 = "<u2"
    /// Signed 32-bit integers.
    case int32 = "<i4"
    /// Unsigned 32-bit integers.
    case uint32 = "<u4"
    /// Signed 64-bit integers.
    case int64 = "<i8"

    /// Bytes per element.
    package var byteCount: Int {
      switch self {
      case .int8, .uint8: 1
      case .int16, .uint16: 2
      case .int32, .uint32: 4
      case .int64: 8
      }
    }
  }

  static let signature: [UInt8] = [0x93] + Array("NUMPY".utf8)

  /// The extents of the axes.
  package let shape: [Int]
  /// The elements, row-major.
  package let values: [Int]

  /// The file of an array of signed 32-bit integers; a number of values that is not the shape's stops the program.
  /// Inverse: `init(parsing:)`.
  package static func serialized(_ values: [Int32], shape: [Int]) -> [UInt8] {
    precondition(shape.reduce(1, *) == values.count)
    let extents = shape.map { "\($0)," }.joined(separator: " ")
    var header = Array("{'descr': '<i4', 'fortran_order': False, 'shape': (\(extents)), }".utf8)
    // NumPy aligns the elements to 64 bytes; the header ends in a line end.
    while (10 + header.count + 1) % 64 != 0 { header.append(UInt8(ascii: " ")) }
    header.append(UInt8(ascii: "\n"))
    var bytes = signature + [1, 0, UInt8(header.count & 255), UInt8(header.count >> 8)] + header
    bytes.reserveCapacity(bytes.count + 4 * values.count)
    for value in values { withUnsafeBytes(of: value.littleEndian) { bytes += $0 } }
    return bytes
  }

  /// Reads a whole file. Inverse of `serialized`.
  ///
  /// - Throws: `TokenError`.
  package init(parsing bytes: [UInt8]) throws(TokenError) {
    guard bytes.count >= 12, bytes.starts(with: Self.signature) else {
      throw .malformedArray("the signature is missing")
    }
    let start: Int
    let length: Int
    switch bytes[6] {
    case 1: (start, length) = (10, Int(bytes[8]) | Int(bytes[9]) << 8)
    case 2, 3:
      start = 12
      length = (0..<4).reduce(0) { $0 | Int(bytes[8 + $1]) << (8 * $1) }
    default: throw .malformedArray("version \(bytes[6]), expected 1 to 3")
    }
    guard length <= Self.maximumHeaderBytes else {
      throw .limitExceeded(
        what: "length of the array's header", limit: Self.maximumHeaderBytes, found: length)
    }
    guard bytes.count - start >= length else {
      throw .wrongByteCount(what: "array header", expected: length, found: bytes.count - start)
    }
    var header = NumPyHeader(bytes[start..<start + length])
    try header.parse()
    guard let name = header.elementType, let shape = header.shape,
      let isColumnMajor = header.isColumnMajor
    else { throw .malformedArray("the header lacks descr, fortran_order or shape") }
    guard let type = ElementType(rawValue: name) else {
      throw .wrongElementType(
        found: name, expected: ElementType.allCases.map(\.rawValue).joined(separator: ", "))
    }
    guard !isColumnMajor else { throw .malformedArray("the order of elements is Fortran's") }
    var count = 1
    for extent in shape {
      let (product, overflow) = count.multipliedReportingOverflow(by: extent)
      guard !overflow, product <= Self.maximumElementCount else {
        throw .limitExceeded(
          what: "number of elements", limit: Self.maximumElementCount,
          found: overflow ? Int.max : product)
      }
      count = product
    }
    let data = bytes.count - start - length
    guard data == count * type.byteCount else {
      throw .wrongByteCount(what: "array", expected: count * type.byteCount, found: data)
    }
    self.shape = shape
    values = bytes.withUnsafeBytes { bytes in
      let data = UnsafeRawBufferPointer(rebasing: bytes[(start + length)...])
      func read<Word: FixedWidthInteger>(_: Word.Type) -> [Int] {
        (0..<count).map {
          Int(
            Word(
              littleEndian: data.loadUnaligned(
                fromByteOffset: $0 * MemoryLayout<Word>.size, as: Word.self)))
        }
      }
      return switch type {
      case .int8: read(Int8.self)
      case .uint8: read(UInt8.self)
      case .int16: read(Int16.self)
      case .uint16: read(UInt16.self)
      case .int32: read(Int32.self)
      case .uint32: read(UInt32.self)
      case .int64: read(Int64.self)
      }
    }
  }
}

/// The header of an array: a dictionary as Python writes it.
private struct NumPyHeader {
  private let text: [UInt8]
  private var place = 0
  private(set) var elementType: String?
  private(set) var isColumnMajor: Bool?
  private(set) var shape: [Int]?

  init(_ text: ArraySlice<UInt8>) { self.text = Array(text) }

  mutating func parse() throws(TokenError) {
    try expect("{")
    while !take("}") {
      let key = try string()
      try expect(":")
      switch key {
      case "descr":
        guard peek() == UInt8(ascii: "'") || peek() == UInt8(ascii: "\"") else {
          throw .wrongElementType(found: "a structure", expected: "integers")
        }
        elementType = try string()
      case "fortran_order":
        isColumnMajor = try word() == "True"
      case "shape":
        shape = try extents()
      default: throw .malformedArray("the header has an entry \(key.debugDescription)")
      }
      guard take(",") || peek() == UInt8(ascii: "}") else {
        throw .malformedArray("byte \(place) of the header is not a comma")
      }
    }
    guard peek() == nil else { throw .malformedArray("text follows the header") }
  }

  private mutating func extents() throws(TokenError) -> [Int] {
    try expect("(")
    var result: [Int] = []
    while !take(")") {
      let digits = try word()
      guard let extent = Int(digits), extent >= 0, digits.first?.isNumber == true else {
        throw .malformedArray("an extent is \(digits.debugDescription)")
      }
      guard result.count < NumPyArray.maximumRank else {
        throw .limitExceeded(
          what: "number of axes", limit: NumPyArray.maximumRank, found: result.count + 1)
      }
      result.append(extent)
      guard take(",") || peek() == UInt8(ascii: ")") else {
        throw .malformedArray("byte \(place) of the header is not a comma")
      }
    }
    return result
  }

  private mutating func peek() -> UInt8? {
    while place < text.count, text[place] == 0x20 || text[place] == 0x0A { place += 1 }
    return place < text.count ? text[place] : nil
  }

  private mutating func take(_ character: Unicode.Scalar) -> Bool {
    guard peek() == UInt8(ascii: character) else { return false }
    place += 1
    return true
  }

  private mutating func expect(_ character: Unicode.Scalar) throws(TokenError) {
    guard take(character) else {
      throw .malformedArray("byte \(place) of the header is not \(character)")
    }
  }

  private mutating func string() throws(TokenError) -> String {
    guard let quote = peek(), quote == UInt8(ascii: "'") || quote == UInt8(ascii: "\"") else {
      throw .malformedArray("byte \(place) of the header does not start a string")
    }
    place += 1
    guard let end = text[place...].firstIndex(of: quote) else {
      throw .malformedArray("a string does not end")
    }
    defer { place = end + 1 }
    return String(decoding: text[place..<end], as: UTF8.self)
  }

  private mutating func word() throws(TokenError) -> String {
    _ = peek()
    let rest = text[place...]
    let end =
      rest.firstIndex {
        !(UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0)
          && !(UInt8(ascii: "A")...UInt8(ascii: "Z")).contains($0)
          && !(UInt8(ascii: "a")...UInt8(ascii: "z")).contains($0)
      } ?? rest.endIndex
    guard end > place else { throw .malformedArray("byte \(place) of the header is no value") }
    defer { place = end }
    return String(decoding: text[place..<end], as: UTF8.self)
  }
}

/// A parsed safetensors file: named tensors and the metadata of the header.
///
/// The format is <https://huggingface.co/docs/safetensors>: eight bytes little-endian header length, a JSON
/// header, then the tensors' bytes. Every range is checked before it is used; tensors must fill the data part
/// without gaps or overlaps, as the format demands.
package struct Safetensors: Sendable {
  /// The largest header of weights, in bytes.
  package static let maximumHeaderBytes = 4 << 20
  /// The most tensors this reader accepts.
  package static let maximumTensorCount = 65_536
  /// The most values one tensor may have.
  package static let maximumElementCount = 1 << 28

  /// Element types this reader understands.
  package enum ElementType: String, Sendable {
    /// IEEE 754 half precision.
    case float16 = "F16"
    /// The upper half of single precision.
    case bfloat16 = "BF16"
    /// IEEE 754 single precision.
    case float32 = "F32"
    /// Signed 16-bit integers.
    case int16 = "I16"
    /// Signed 32-bit integers.
    case int32 = "I32"
    /// Signed 64-bit integers.
    case int64 = "I64"
    /// Bytes.
    case uint8 = "U8"
    /// Signed bytes.
    case int8 = "I8"

    /// Bytes per element.
    package var byteCount: Int {
      switch self {
      case .float16, .bfloat16, .int16: 2
      case .float32, .int32: 4
      case .int64: 8
      case .uint8, .int8: 1
      }
    }
  }

  struct Entry {
    let type: ElementType
    let shape: [Int]
    /// Bytes of the data part.
    let range: Range<Int>
  }

  /// Text values of the header's `__metadata__`.
  package let metadata: [String: String]
  let entries: [String: Entry]
  private let bytes: [UInt8]
  private let dataStart: Int

  /// The names of all tensors, sorted.
  package var names: [String] { entries.keys.sorted() }

  /// Parses a whole file.
  ///
  /// - Parameter maximumHeaderBytes: The largest header that is accepted.
  /// - Throws: `ModelError` when the header is damaged or a tensor's range does not fit.
  package init(
    parsing bytes: [UInt8], maximumHeaderBytes: Int = Self.maximumHeaderBytes
  ) throws(ModelError) {
    guard bytes.count >= 8 else {
      throw .truncated(what: "header length", expected: 8, found: bytes.count)
    }
    var length: UInt64 = 0
    for k in 0..<8 { length |= UInt64(bytes[k]) << (8 * UInt64(k)) }
    guard length <= UInt64(maximumHeaderBytes) else {
      throw .limitExceeded(
        what: "header length", limit: maximumHeaderBytes, found: Int(clamping: length))
    }
    let headerLength = Int(length)
    guard bytes.count - 8 >= headerLength else {
      throw .truncated(what: "header", expected: headerLength, found: bytes.count - 8)
    }
    let header: JSON
    do {
      header = try JSON(parsing: bytes[8..<8 + headerLength])
    } catch {
      throw .malformedHeader("the header is not JSON: \(error.reason)")
    }
    guard let members = header.object else {
      throw .malformedHeader("the header is not a JSON object of tensors")
    }
    guard members.count <= Self.maximumTensorCount else {
      throw .limitExceeded(
        what: "number of tensors", limit: Self.maximumTensorCount, found: members.count)
    }
    let available = bytes.count - 8 - headerLength
    var metadata: [String: String] = [:]
    var entries: [String: Entry] = [:]
    var ranges: [(Int, Int)] = []
    for (name, value) in members {
      if name == "__metadata__" {
        metadata = try Self.metadata(value)
        continue
      }
      let entry = try Self.entry(name, value, available: available)
      entries[name] = entry
      ranges.append((entry.range.lowerBound, entry.range.upperBound))
    }
    ranges.sort { $0 < $1 }
    var position = 0
    for (start, end) in ranges {
      guard start == position else {
        throw .malformedHeader("tensor data has a gap or an overlap at byte \(position)")
      }
      position = end
    }
    guard position == available else {
      throw .malformedHeader("\(available - position) bytes follow the last tensor")
    }
    self.bytes = bytes
    self.dataStart = 8 + headerLength
    self.metadata = metadata
    self.entries = entries
  }

  private static func metadata(_ value: JSON) throws(ModelError) -> [String: String] {
    var result: [String: String] = [:]
    guard let members = value.object else {
      throw .malformedHeader("__metadata__ is not an object of texts")
    }
    for (name, value) in members {
      guard let text = value.text else {
        throw .malformedHeader("__metadata__ is not an object of texts")
      }
      result[name] = text
    }
    return result
  }

  /// A tensor's entry, checked against the bytes that are there.
  private static func entry(
    _ name: String, _ value: JSON, available: Int
  ) throws(ModelError) -> Entry {
    guard let members = value.object, let type = members["dtype"]?.text.flatMap(ElementType.init),
      let shape = members["shape"]?.integers, let offsets = members["data_offsets"]?.integers
    else {
      throw .malformedHeader("tensor \(name) has no known dtype, shape or data_offsets")
    }
    var count = 1
    for side in shape {
      let (product, overflow) = count.multipliedReportingOverflow(by: side)
      guard side >= 0, !overflow, product <= maximumElementCount else {
        throw .limitExceeded(
          what: "size of tensor \(name)", limit: maximumElementCount, found: side)
      }
      count = product
    }
    guard offsets.count == 2 else {
      throw .malformedHeader("tensor \(name) has \(offsets.count) offsets, expected 2")
    }
    let (start, end) = (offsets[0], offsets[1])
    guard start >= 0, end >= start, end <= available else {
      throw .truncated(what: "tensor \(name)", expected: end, found: available)
    }
    let (needed, overflow) = count.multipliedReportingOverflow(by: type.byteCount)
    guard !overflow, end - start == needed else {
      throw .malformedHeader(
        "tensor \(name) has \(end - start) bytes, its shape needs \(overflow ? Int.max : needed)")
    }
    return Entry(type: type, shape: shape, range: start..<end)
  }

  /// The shape of a tensor, or nil if there is none of this name.
  package func shape(of name: String) -> [Int]? { entries[name]?.shape }

  /// Checks that there is a floating-point tensor of this shape.
  ///
  /// - Throws: `ModelError.missingTensor`, `wrongShape` or `malformedHeader`.
  func check(_ name: String, shape: [Int]) throws(ModelError) {
    let entry = try entry(name, shape: shape)
    switch entry.type {
    case .float16, .bfloat16, .float32: return
    case .int16, .int32, .int64, .uint8, .int8: throw Self.notFloating(name, entry)
    }
  }

  private func entry(_ name: String, shape: [Int]) throws(ModelError) -> Entry {
    guard let entry = entries[name] else { throw .missingTensor(name) }
    guard shape == entry.shape else {
      throw .wrongShape(name: name, expected: shape, found: entry.shape)
    }
    return entry
  }

  private static func notFloating(_ name: String, _ entry: Entry) -> ModelError {
    .malformedHeader("tensor \(name) is \(entry.type.rawValue), expected floating point")
  }

  /// The values of a floating-point tensor, or of some of its rows, row-major, converted to single precision.
  ///
  /// - Throws: `ModelError.missingTensor`, or `wrongShape` when `shape` is given and differs.
  package func floats(
    _ name: String, shape: [Int]? = nil, rows: Range<Int>? = nil
  ) throws(ModelError) -> [Float] {
    guard let entry = entries[name] else { throw .missingTensor(name) }
    if let shape { try check(name, shape: shape) }
    var start = dataStart + entry.range.lowerBound
    var count = entry.range.count / entry.type.byteCount
    if let rows, let all = entry.shape.first {
      precondition(rows.lowerBound >= 0 && rows.upperBound <= all)
      let length = all == 0 ? 0 : count / all
      start += rows.lowerBound * length * entry.type.byteCount
      count = rows.count * length
    }
    switch entry.type {
    case .float16:
      return words(UInt16.self, at: start, count: count, Self.single(half:))
    case .bfloat16:
      return words(UInt16.self, at: start, count: count) { Float(bitPattern: UInt32($0) << 16) }
    case .float32:
      return words(UInt32.self, at: start, count: count, Float.init(bitPattern:))
    case .int16, .int32, .int64, .uint8, .int8:
      throw Self.notFloating(name, entry)
    }
  }

  /// The values of a tensor of signed bytes, row-major, in their place in the file: each is a two's complement.
  ///
  /// - Throws: `ModelError.missingTensor`, `wrongShape` or `malformedHeader`.
  func signedBytes(_ name: String, shape: [Int]) throws(ModelError) -> ArraySlice<UInt8> {
    let entry = try entry(name, shape: shape)
    guard entry.type == .int8 else {
      throw .malformedHeader("tensor \(name) is \(entry.type.rawValue), expected I8")
    }
    return bytes[dataStart + entry.range.lowerBound..<dataStart + entry.range.upperBound]
  }

  /// The values of an integer tensor, row-major.
  ///
  /// - Throws: `ModelError.missingTensor`, or `malformedHeader` when the tensor is not of integers.
  package func integers(_ name: String) throws(ModelError) -> [Int] {
    guard let entry = entries[name] else { throw .missingTensor(name) }
    let start = dataStart + entry.range.lowerBound
    let count = entry.range.count / entry.type.byteCount
    switch entry.type {
    case .uint8:
      return (0..<count).map { Int(bytes[start + $0]) }
    case .int8:
      return words(UInt8.self, at: start, count: count) { Int(Int8(bitPattern: $0)) }
    case .int16:
      return words(UInt16.self, at: start, count: count) { Int(Int16(bitPattern: $0)) }
    case .int32:
      return words(UInt32.self, at: start, count: count) { Int(Int32(bitPattern: $0)) }
    case .int64:
      return words(UInt64.self, at: start, count: count) { Int(Int64(bitPattern: $0)) }
    case .float16, .bfloat16, .float32:
      throw .malformedHeader("tensor \(name) is \(entry.type.rawValue), expected integers")
    }
  }

  /// `count` little-endian words from byte `start` on, each made a number.
  @inline(__always)
  private func words<Word: FixedWidthInteger, Number>(
    _ type: Word.Type, at start: Int, count: Int, _ number: (Word) -> Number
  ) -> [Number] {
    bytes.withUnsafeBytes { bytes in
      [Number](unsafeUninitializedCapacity: count) { values, initialized in
        let source = UnsafeRawBufferPointer(
          rebasing: bytes[start..<start + count * MemoryLayout<Word>.size])
        for k in 0..<count {
          let word = source.loadUnaligned(fromByteOffset: k * MemoryLayout<Word>.size, as: type)
          values[k] = number(Word(littleEndian: word))
        }
        initialized = count
      }
    }
  }

  /// Half to single precision, exactly; `Float16` is not there on every platform.
  @inline(__always)
  static func single(half bits: UInt16) -> Float {
    let rest = UInt32(bits & 0x7fff) << 13
    // The product gives the exponent its other bias, and is exact for subnormal numbers too.
    let finite = (Float(bitPattern: rest) * 0x1p112).bitPattern
    let magnitude = bits & 0x7c00 == 0x7c00 ? 0x7f80_0000 | rest : finite
    return Float(bitPattern: UInt32(bits & 0x8000) << 16 | magnitude)
  }
}

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// Makes a safetensors file. Inverse: ``Safetensors``.
public struct SafetensorsWriter {
  private struct Entry: Encodable {
    let dtype: String
    let shape: [Int]
    let data_offsets: [Int]
  }

  private struct Header: Encodable {
    let metadata: [String: String]
    let entries: [String: Entry]

    struct Name: CodingKey {
      let stringValue: String
      var intValue: Int? { nil }
      init(_ name: String) { stringValue = name }
      init?(stringValue: String) { self.stringValue = stringValue }
      init?(intValue: Int) { nil }
    }

    func encode(to encoder: any Encoder) throws {
      var container = encoder.container(keyedBy: Name.self)
      try container.encode(metadata, forKey: Name("__metadata__"))
      for (name, entry) in entries { try container.encode(entry, forKey: Name(name)) }
    }
  }

  private let metadata: [String: String]
  private var entries: [String: Entry] = [:]
  private var data: [UInt8] = []

  /// A file without tensors.
  ///
  /// - Parameter metadata: text values of the header's `__metadata__`.
  public init(metadata: [String: String] = [:]) {
    self.metadata = metadata
  }

  /// Adds a tensor of signed 32-bit integers, row-major; a number of values that is not the shape's stops the program.
  public mutating func add(_ name: String, shape: [Int], int32 values: [Int32]) {
    precondition(shape.reduce(1, *) == values.count)
    let start = data.count
    data.reserveCapacity(start + 4 * values.count)
    for value in values { withUnsafeBytes(of: value.littleEndian) { data += $0 } }
    entries[name] = Entry(
      dtype: Safetensors.ElementType.int32.rawValue, shape: shape,
      data_offsets: [start, data.count])
  }

  /// Adds a tensor of bytes, row-major; a number of values that is not the shape's stops the program.
  public mutating func add(_ name: String, shape: [Int], uint8 values: [UInt8]) {
    precondition(shape.reduce(1, *) == values.count)
    let start = data.count
    data += values
    entries[name] = Entry(
      dtype: Safetensors.ElementType.uint8.rawValue, shape: shape,
      data_offsets: [start, data.count])
  }

  /// The whole file: tensors aligned only as those before them leave it, so add the widest elements first.
  public func serialized() throws -> [UInt8] {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    var header = [UInt8](try encoder.encode(Header(metadata: metadata, entries: entries)))
    // Spaces at the end are allowed, and bring the tensors to a multiple of eight bytes.
    while header.count % 8 != 0 { header.append(UInt8(ascii: " ")) }
    let length = (0..<8).map { UInt8(truncatingIfNeeded: header.count >> (8 * $0)) }
    return length + header + data
  }
}

/// Makes a safetensors file. Inverse: ``Safetensors``.
package struct SafetensorsWriter {
  private let metadata: [String: String]
  /// For each tensor its entry in the header.
  private var entries: [String: String] = [:]
  private var data: [UInt8] = []

  /// A file without tensors.
  ///
  /// - Parameter metadata: text values of the header's `__metadata__`.
  package init(metadata: [String: String] = [:]) {
    self.metadata = metadata
  }

  /// Adds a tensor of signed 32-bit integers, row-major; a number of values that is not the shape's stops the program.
  package mutating func add(_ name: String, shape: [Int], int32 values: [Int32]) {
    precondition(shape.reduce(1, *) == values.count)
    let start = data.count
    data.reserveCapacity(start + 4 * values.count)
    for value in values { withUnsafeBytes(of: value.littleEndian) { data += $0 } }
    enter(name, .int32, shape, start)
  }

  /// Adds a tensor of bytes, row-major; a number of values that is not the shape's stops the program.
  package mutating func add(_ name: String, shape: [Int], uint8 values: [UInt8]) {
    precondition(shape.reduce(1, *) == values.count)
    let start = data.count
    data += values
    enter(name, .uint8, shape, start)
  }

  private mutating func enter(
    _ name: String, _ type: Safetensors.ElementType, _ shape: [Int], _ start: Int
  ) {
    entries[name] =
      "{\"data_offsets\":[\(start),\(data.count)],\"dtype\":\"\(type.rawValue)\",\"shape\":["
      + shape.map(String.init).joined(separator: ",") + "]}"
  }

  /// The whole file: tensors aligned only as those before them leave it, so add the widest elements first.
  package func serialized() -> [UInt8] {
    let stated = metadata.sorted { $0.key < $1.key }
      .map { "\(JSON.quoted($0.key)):\(JSON.quoted($0.value))" }
    let members =
      ["\"__metadata__\":{" + stated.joined(separator: ",") + "}"]
      + entries.sorted { $0.key < $1.key }.map { "\(JSON.quoted($0.key)):\($0.value)" }
    var header = Array(("{" + members.joined(separator: ",") + "}").utf8)
    // Spaces at the end are allowed, and bring the tensors to a multiple of eight bytes.
    while header.count % 8 != 0 { header.append(UInt8(ascii: " ")) }
    let length = (0..<8).map { UInt8(truncatingIfNeeded: header.count >> (8 * $0)) }
    return length + header + data
  }
}

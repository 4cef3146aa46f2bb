import Foundation
import GQModel
import Testing

/// Weights files from outside.
struct SafetensorsTests {
  /// A file with this header and so many data bytes.
  static func file(_ header: String, data: Int = 0) -> [UInt8] {
    let text = Array(header.utf8)
    let length = (0..<8).map { UInt8(truncatingIfNeeded: text.count >> (8 * $0)) }
    return length + text + [UInt8](repeating: 0x3C, count: data)
  }

  static let valid = file(
    #"{"__metadata__":{"a":"b"},"x":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"y":{"dtype":"F16","shape":[1,3],"data_offsets":[8,14]}}"#,
    data: 14)

  @Test func readsWhatIsThere() throws {
    let file = try Safetensors(parsing: Self.valid)
    #expect(file.names == ["x", "y"])
    #expect(file.metadata == ["a": "b"])
    #expect(file.shape(of: "y") == [1, 3])
    #expect(try file.floats("x") == Array(repeating: Float(bitPattern: 0x3C3C_3C3C), count: 2))
    #expect(try file.floats("y", shape: [1, 3])[0] == 1.05859375)
  }

  @Test func everyTruncationThrows() {
    for count in Self.valid.indices {
      #expect(throws: ModelError.self) { try Safetensors(parsing: Array(Self.valid.prefix(count))) }
    }
    #expect(throws: ModelError.self) { try Safetensors(parsing: Self.valid + [0]) }
  }

  @Test(arguments: [
    "", "{", "[]", "null", #"{"x":1}"#,
    #"{"x":{"dtype":"F32","shape":[2],"data_offsets":[8,0]}}"#,
    #"{"x":{"dtype":"F32","shape":[2],"data_offsets":[0,4]}}"#,
    #"{"x":{"dtype":"F32","shape":[2],"data_offsets":[0,8,16]}}"#,
    #"{"x":{"dtype":"F32","shape":[2],"data_offsets":[-8,0]}}"#,
    #"{"x":{"dtype":"F32","shape":[-2],"data_offsets":[0,8]}}"#,
    #"{"x":{"dtype":"F32","shape":[4],"data_offsets":[0,16]}}"#,
    #"{"x":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}"#,
    #"{"x":{"dtype":"F99","shape":[2],"data_offsets":[0,8]}}"#,
    #"{"x":{"dtype":"F32","shape":[9223372036854775807,2],"data_offsets":[0,8]}}"#,
    #"{"x":{"dtype":"F32","shape":[4611686018427387904,4],"data_offsets":[0,8]}}"#,
    #"{"x":{"dtype":"F32","shape":[1e30],"data_offsets":[0,8]}}"#,
    #"{"x":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"y":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}"#,
  ])
  func badHeadersThrow(_ header: String) {
    #expect(throws: ModelError.self) { try Safetensors(parsing: Self.file(header, data: 8)) }
  }

  @Test(arguments: [UInt64(1) << 63, .max, 1 << 40, 5 << 20])
  func hugeHeaderLengthsThrow(_ length: UInt64) {
    let bytes = (0..<8).map { UInt8(truncatingIfNeeded: length >> (8 * UInt64($0))) }
    #expect(throws: ModelError.self) {
      try Safetensors(parsing: bytes + Array(repeating: 32, count: 64))
    }
  }

  @Test func wrongUseOfTensorsThrows() throws {
    let file = try Safetensors(parsing: Self.valid)
    #expect(throws: ModelError.missingTensor("z")) { _ = try file.floats("z") }
    #expect(throws: ModelError.wrongShape(name: "x", expected: [3], found: [2])) {
      _ = try file.floats("x", shape: [3])
    }
    #expect(throws: ModelError.self) { _ = try file.integers("x") }
  }

  @Test(arguments: [
    (UInt16(0x0000), Float(0)), (0x8000, -0.0), (0x3C00, 1), (0xC000, -2), (0x7BFF, 65504),
    (0x0400, 0x1p-14), (0x0001, 0x1p-24), (0x83FF, -0x1.FF8p-15), (0x7C00, .infinity),
    (0x3555, 0.333251953125),
  ])
  func halfPrecision(_ bits: UInt16, _ value: Float) throws {
    var bytes = Self.file(#"{"x":{"dtype":"F16","shape":[1],"data_offsets":[0,2]}}"#, data: 2)
    bytes[bytes.count - 2] = UInt8(bits & 255)
    bytes[bytes.count - 1] = UInt8(bits >> 8)
    let found = try Safetensors(parsing: bytes).floats("x")[0]
    #expect(found.bitPattern == value.bitPattern)
  }

  /// The shipped weights with one thing changed in the header, the header's length kept.
  @Test(arguments: [
    (#""encoder.stem.bias""#, #""encoder.stem.bios""#),
    (#"\"architecture\":6"#, #"\"architecture\":5"#), (#"\"coarse\":224"#, #"\"coarse\":521"#),
    (#"\"fine\":160"#, #"\"fine\":261"#), (#"\"latents\":768"#, #"\"latents\":769"#),
    (#""prior.head.scale""#, #""prior.head.scalE""#), (#""dtype":"I8""#, #""dtype":"U8""#),
    ("\"gqimg\"", "\"gqimG\""), (#"\"coarse\":"#, #"\"coarsE\":"#),
    (#"\"stateBits\":12"#, #"\"stateBits\":99"#), ("[[6,1],[5,1]", "[[6,1],[5,0]"),
    ("[[6,1],[5,1]", "[[9,1],[5,1]"), ("[[6,1],[5,1]", "[[6,1],[5,2]"),
    ("[[6,1],[5,1]", "[[6,1],[4,1]"), ("[[6,1],[5,1]", "[[6,1],[5,-]"),
    (#"\"groupEnds\":[1,3,8]"#, #"\"groupEnds\":[1,3,7]"#),
    (#"\"groupEnds\":[1,3,8]"#, #"\"groupEnds\":[0,3,8]"#),
    (#"\"groupEnds\":[1,3,8]"#, #"\"groupEnds\":[3,1,8]"#),
    (#"\"codeError\":["#, #"\"codeError\":[],\"x\":["#),
  ])
  func networksAreChecked(_ old: String, _ new: String) throws {
    var bytes = GoldenActivationTests.weights
    let length = Int(bytes[0]) | Int(bytes[1]) << 8 | Int(bytes[2]) << 16
    var header = String(decoding: bytes[8..<8 + length], as: UTF8.self)
    try #require(header.contains(old))
    header = header.replacingOccurrences(of: old, with: new)
    // Spaces after the header are left out for what was added.
    while header.utf8.count > length, header.hasSuffix(" ") { header.removeLast() }
    for (k, shift) in [0, 8, 16].enumerated() {
      bytes[k] = UInt8(truncatingIfNeeded: header.utf8.count >> shift)
    }
    bytes.replaceSubrange(8..<8 + length, with: Array(header.utf8))
    #expect(throws: ModelError.self) { try Network(parsing: bytes) }
  }
}

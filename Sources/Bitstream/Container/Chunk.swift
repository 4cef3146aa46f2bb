/// A typed piece of a `.gqz` file. Types are ASCII letters: capitals must be understood by a decoder, small
/// letters may be skipped.
package struct Chunk: Sendable, Equatable {
  /// ICC profile.
  package static let iccProfile = UInt8(ascii: "i")
  /// Exif block.
  package static let exif = UInt8(ascii: "e")
  /// XMP packet.
  package static let xmp = UInt8(ascii: "x")

  /// Alpha of every pixel.
  package static let alpha = UInt8(ascii: "a")

  /// A small picture for the first look: a `.gqz` file.
  package static let preview = UInt8(ascii: "p")

  /// A copy of header and level map, for files of which the original is damaged.
  package static let headCopy = UInt8(ascii: "r")

  /// Ancillary types that the format defines; a file has at most one chunk of each.
  package static let defined = [iccProfile, exif, xmp, alpha, preview, headCopy]

  static let graphics = UInt8(ascii: "G")
  static let levelMap = UInt8(ascii: "L")
  static let indices = UInt8(ascii: "I")
  static let phasedIndices = UInt8(ascii: "P")

  /// An ASCII letter.
  package let type: UInt8
  /// The content.
  package let payload: [UInt8]

  /// A chunk that decoders may skip; another type stops the program.
  package init(ancillary type: UInt8, payload: [UInt8]) {
    precondition(Self.isAncillary(type))
    self.type = type
    self.payload = payload
  }

  init(type: UInt8, payload: [UInt8]) {
    self.type = type
    self.payload = payload
  }

  package static func isAncillary(_ type: UInt8) -> Bool {
    (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(type)
  }

  static func isCritical(_ type: UInt8) -> Bool {
    (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(type)
  }

  /// Bytes that a chunk with a checksum takes.
  static func byteCount(payload: Int) -> Int {
    1 + varintByteCount(UInt64(payload)) + payload + 4
  }

  /// Type, length, payload, checksum of all three.
  func write(to bytes: inout [UInt8]) {
    let start = bytes.count
    bytes.append(type)
    bytes.appendVarint(UInt64(payload.count))
    bytes += payload
    bytes.appendWord(CRC32.of(bytes[start...]))
  }
}

/// A chunk of parts that have checksums of their own: type, length, an index that says how long the parts are, the checksum of
/// all that, the parts. In divided pictures the length of the index stands before it.
struct IndexedChunk {
  /// Where its type stands.
  let start: Int
  /// Bytes of the payload: index, checksum and parts.
  let length: Int
  private let payload: Int
  /// Where the index ends, if the chunk says so.
  private let indexEnd: Int?

  /// Everything before the parts, which take `partBytes` in all. Inverse: `init(parsing:isDivided:limit:what:)` and `endIndex`.
  static func head(type: UInt8, index: [UInt8], partBytes: Int, isDivided: Bool) -> [UInt8] {
    var length: [UInt8] = []
    if isDivided { length.appendVarint(UInt64(index.count)) }
    var bytes = [type]
    bytes.appendVarint(UInt64(length.count + index.count + 4 + partBytes))
    bytes += length + index
    bytes.appendWord(CRC32.of(bytes[...]))
    return bytes
  }

  /// Reads up to the index.
  init(
    parsing cursor: inout ByteCursor, isDivided: Bool, limit: Int, what: String
  ) throws(BitstreamError) {
    start = cursor.offset
    _ = try cursor.byte("chunk type")
    length = try cursor.size("length of the \(what)", limit: limit)
    payload = cursor.offset
    let indexLength =
      isDivided ? try cursor.size("length of the index of the \(what)", limit: limit) : nil
    if let indexLength {
      var end = cursor
      _ = try end.slice(indexLength, "index of the \(what)")
      indexEnd = end.offset
    } else {
      indexEnd = nil
    }
  }

  /// Reads the checksum behind the index.
  func endIndex(_ cursor: inout ByteCursor, _ what: String) throws(BitstreamError) {
    guard cursor.offset == indexEnd ?? cursor.offset else {
      throw .invalidValue(
        what: "length of the index of the \(what)", offset: payload,
        found: "\(indexEnd ?? 0) as its end", expected: "\(cursor.offset)")
    }
    let computed = CRC32.of(cursor.bytes[start..<cursor.offset])
    let declared = try cursor.word("checksum of the \(what)")
    guard declared == computed else {
      throw .checksumMismatch(
        what: "index of the \(what)", offset: start, declared: declared, computed: computed)
    }
  }

  /// Checks that parts of so many bytes, the first of which stands at `first`, fill the chunk.
  ///
  /// - Returns: Where the chunk ends.
  func end(first: Int, partBytes: Int, _ what: String) throws(BitstreamError) -> Int {
    let (end, overflow) = first.addingReportingOverflow(partBytes)
    guard !overflow, end - payload == length else {
      throw .invalidValue(
        what: "length of the \(what)", offset: start + 1, found: "\(length)",
        expected: "what its parts take")
    }
    return end
  }

  /// Where parts of these bytes are, each behind its checksum; parts without bytes have none.
  func parts(
    of counts: [Int], first: Int, _ what: String
  ) throws(BitstreamError) -> (ranges: [Range<Int>], end: Int) {
    var ranges: [Range<Int>] = []
    var place = first
    for count in counts {
      let (end, overflow) = place.addingReportingOverflow(count == 0 ? 0 : count + 4)
      guard !overflow, end - payload <= length else {
        throw .invalidValue(
          what: "length of the \(what)", offset: start + 1, found: "\(length)",
          expected: "room for all parts")
      }
      ranges.append(end - count..<end)
      place = end
    }
    return (ranges, try self.end(first: first, partBytes: place - first, what))
  }
}

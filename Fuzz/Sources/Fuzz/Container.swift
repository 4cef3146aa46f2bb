import GQBitstream
import GQCodec

private let limits = DecodeLimits(maxPixels: 1 << 18, maxTiles: 1 << 10)

/// The bytes as they are and with right checksums, as a file and as a damaged file.
func fuzzContainer(_ bytes: [UInt8]) {
  for file in [bytes, withChecksums(bytes)] {
    do throws(BitstreamError) {
      let coded = try CodedPicture(parsing: file, limits: limits)
      guard try CodedPicture(parsing: coded.serialized()) == coded else {
        fatalError("a file does not come back")
      }
      _ = try FileStructure(parsing: file, limits: limits).alpha()
    } catch {
      precondition(!error.description.isEmpty)
    }
    do throws(BitstreamError) {
      let structure = try FileStructure(recovering: file, limits: limits)
      for segment in structure.layout.segments {
        _ = structure.isIntact(segment)
        _ = structure.uncheckedData(of: segment)
      }
      _ = try structure.alpha()
    } catch {
      precondition(!error.description.isEmpty)
    }
  }
}

/// The bytes with signature and version, and with the checksums that header and chunks should have.
private func withChecksums(_ input: [UInt8]) -> [UInt8] {
  var bytes = FileStructure.signature + [FileStructure.version] + input.dropFirst(9)
  guard bytes.count > 10 else { return bytes }
  bytes[9] &= 63
  var position = 10 + Int(bytes[9])
  func put(_ range: Range<Int>) {
    for (k, shift) in [24, 16, 8, 0].enumerated() where range.upperBound + k < bytes.count {
      bytes[range.upperBound + k] = UInt8(
        truncatingIfNeeded: CRC32.of(bytes[range]) >> UInt32(shift))
    }
  }
  guard position + 4 <= bytes.count else { return bytes }
  put(8..<position)
  position += 4
  while position < bytes.count {
    let start = position
    position += 1
    var (length, shift) = (0, 0)
    while position < bytes.count, shift < 28 {
      let byte = bytes[position]
      position += 1
      length |= Int(byte & 127) << shift
      shift += 7
      if byte < 128 { break }
    }
    guard length <= bytes.count - position else { return bytes }
    position += length
    if bytes[start] != UInt8(ascii: "I"), bytes[start] != UInt8(ascii: "P") {
      put(start..<position)
      position += 4
    }
  }
  return bytes
}

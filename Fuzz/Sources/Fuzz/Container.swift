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
      let whole = try FileStructure(parsing: file, limits: limits)
      _ = try whole.alpha()
      let part = try FileStructure(parsing: file, limits: limits, window: .empty)
      guard part.layout.byteCount == whole.layout.byteCount else {
        fatalError("indices tell of other codes")
      }
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
  let header = try? FileStructure.header(of: bytes, limits: limits)
  let side = header.map { max(GridBlocks.side, 1 << $0.tileExponent) } ?? 0
  let isDivided = header.map { $0.columns > side || $0.rows > side } ?? false
  position += 4
  func number() -> Int {
    var (value, shift) = (0, 0)
    while position < bytes.count, shift < 28 {
      let byte = bytes[position]
      position += 1
      value |= Int(byte & 127) << shift
      shift += 7
      if byte < 128 { break }
    }
    return value
  }
  while position < bytes.count {
    let start = position
    position += 1
    let length = number()
    guard length <= bytes.count - position else { return bytes }
    let end = position + length
    let type = UnicodeScalar(bytes[start])
    if isDivided, "LGIP".unicodeScalars.contains(type) {
      let index = number()
      if index <= bytes.count - position { put(start..<position + index) }
      position = end
    } else {
      position = end
      if type != "I", type != "P" {
        put(start..<position)
        position += 4
      }
    }
  }
  return bytes
}

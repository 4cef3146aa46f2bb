import GQBitstream

/// A level map of any bytes in a file that ends after it.
func fuzzLevelMap(_ bytes: [UInt8]) {
  var input = InputReader(bytes)
  let (width, height) = (1 + input.number(below: 900), 1 + input.number(below: 900))
  let header = Header(
    width: width, height: height, colorType: .rgb, tileExponent: Int(input.byte() & 7),
    stateBits: 12, seed: 0, modelIdentifier: Array(repeating: 1, count: 8))
  let empty = RateTable([.init(bits: 0, modes: 1)])
  let none = CodedPicture(
    header: header, rateTable: empty,
    levelMap: LevelMap(
      columns: header.columns, rows: header.rows,
      levels: Array(repeating: 0, count: header.columns * header.rows)),
    segments: Array(repeating: [], count: header.tileCount)
  ).serialized()
  // Up to the level map that it was made with, then another one.
  guard let end = none.lastIndex(of: UInt8(ascii: "L")) else { fatalError("no level map") }
  var chunk = [UInt8(ascii: "L")]
  let payload = input.rest()
  var length = payload.count
  while length > 127 {
    chunk.append(UInt8(length & 127) | 128)
    length >>= 7
  }
  chunk.append(UInt8(length))
  chunk += payload
  let checksum = CRC32.of(chunk[...])
  chunk += [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: checksum >> UInt32($0)) }
  do throws(BitstreamError) {
    let file = try FileStructure(recovering: none[..<end] + chunk)
    let coded = file.levelMap.encoded(with: file.rateTable)
    guard payload.suffix(coded.count).elementsEqual(coded) || coded.count != payload.count else {
      return
    }
    // Another spelling may exist; the levels must be the same.
    precondition(file.levelMap.levels.allSatisfy { $0 < file.rateTable.levelCount })
  } catch {
    precondition(!error.description.isEmpty)
  }
}

import GQBitstream
import GQCodec
import GQModel

/// Any levels and codes, decoded; then damaged and recovered.
func fuzzPixels(_ bytes: [UInt8]) {
  var input = InputReader(bytes)
  let (width, height) = (1 + input.number(below: 150), 1 + input.number(below: 150))
  let choices = input.byte()
  let order: CodeOrder = choices & 1 == 0 ? .tiles : .phases
  let header = Header(
    width: width, height: height, colorType: choices & 2 == 0 ? .rgb : .grey,
    tileExponent: Int(choices >> 2 & 7),
    stateBits: 12 + Int(choices >> 6),
    seed: UInt64(input.byte()), modelIdentifier: tinyNetwork.identifier)
  guard let rateTable = RateTable(bits: tinyNetwork.levels.bits) else {
    fatalError("no rate table")
  }
  let damage = (0..<6).map { _ in (input.number(below: 1 << 16), input.byte()) }
  let count = header.columns * header.rows
  let source = input.filling(count * 9)
  let map = LevelMap(
    columns: header.columns, rows: header.rows,
    levels: source.prefix(count).map { $0 % UInt8(rateTable.levelCount) })
  let layout = TileLayout(header: header, rateTable: rateTable, levelMap: map, order: order)
  var place = count
  let segments = layout.segments.map { segment in
    var data = (0..<segment.dataByteCount).map { source[(place + $0) % source.count] }
    place += data.count
    let unused = segment.dataByteCount * 8 - segment.bitCount
    if unused > 0 { data[data.count - 1] &= 0xFF << UInt8(unused) }
    return data
  }
  var file = CodedPicture(
    header: header, rateTable: rateTable, levelMap: map, order: order, segments: segments,
    hasHeadCopy: choices & 128 != 0
  ).serialized()
  let decoder = GQDecoder(network: tinyNetwork)
  do {
    let picture = try decoder.decode(file)
    precondition(picture.width == width && picture.height == height)
    let recovered = try decoder.recover(file)
    guard recovered.isIntact, recovered.picture == picture else {
      fatalError("an intact file is not recovered as it is")
    }
  } catch {
    fatalError("a valid file is refused: \(error)")
  }
  for (offset, value) in damage { file[offset % file.count] ^= value }
  if damage[0].1 & 1 == 1 { file.removeLast(damage[1].0 % file.count) }
  do {
    _ = try decoder.recover(file, options: RecoveryOptions(usesDamagedBits: choices & 64 != 0))
  } catch let error as BitstreamError {
    precondition(!error.description.isEmpty)
  } catch let error as CodecError {
    precondition(!error.description.isEmpty)
  } catch {
    fatalError("an error of another type: \(error)")
  }
}

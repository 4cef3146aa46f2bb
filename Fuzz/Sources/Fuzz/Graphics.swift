import GQBitstream
import GQCodec
import GQModel

/// Any mask with any bytes as units of graphics, checksums right; as a file, a region of it and a damaged file.
func fuzzGraphics(_ bytes: [UInt8]) {
  var input = InputReader(bytes)
  let choices = input.byte()
  // Two units beside each other, or one.
  let width = 1 + input.number(below: 150) + (choices & 1 != 0 ? 1024 : 0)
  let height = 1 + input.number(below: choices & 1 != 0 ? 24 : 150)
  let header = Header(
    width: width, height: height, colorType: choices & 2 == 0 ? .rgb : .grey, stateBits: 12,
    seed: 0, modelIdentifier: tinyNetwork.identifier)
  guard let rateTable = RateTable(bits: tinyNetwork.levels.bits) else {
    fatalError("no rate table")
  }
  let count = header.columns * header.rows
  let none = CodedPicture(
    header: header, rateTable: rateTable,
    levelMap: LevelMap(
      columns: header.columns, rows: header.rows, levels: Array(repeating: 0, count: count)),
    segments: Array(repeating: [], count: header.tileCount)
  ).serialized()
  let codes = none.count - 2
  let damage = (input.number(below: 1 << 16), choices & 8 != 0 ? input.byte() : 0)
  let chunk = choices & 4 != 0 ? rawChunk(&input) : chunkOfMask(&input, header)
  var file = none[..<codes] + chunk + none[codes...]
  if damage.1 != 0 { file[codes + damage.0 % chunk.count] ^= damage.1 }
  let whole = Array(file)
  let decoder = GQDecoder(network: tinyNetwork)
  let x = damage.0 % width
  let y = damage.0 % height
  let region = PixelRegion(x: x, y: y, width: min(40, width - x), height: min(40, height - y))
  var shown: Picture?
  for attempt in 0..<3 {
    do {
      switch attempt {
      case 0: shown = try decoder.decode(whole)
      case 1: _ = try decoder.decode(whole, region: region)
      default:
        let recovered = try decoder.recover(whole)
        if let shown, recovered.picture != shown {
          fatalError("an intact file is not recovered as it is")
        }
      }
    } catch let error as BitstreamError {
      precondition(!error.description.isEmpty)
    } catch let error as CodecError {
      precondition(!error.description.isEmpty)
    } catch {
      fatalError("an error of another type: \(error)")
    }
  }
}

/// A chunk whose mask has the input's bits, and whose units are the rest of the input.
private func chunkOfMask(_ input: inout InputReader, _ header: Header) -> [UInt8] {
  var mask: [Bool] = []
  let count = header.columns * header.rows
  let pattern = (input.byte(), input.byte())
  // All positions, or those of a pattern that repeats.
  for place in 0..<count {
    mask.append(
      pattern.0 == 0 || (place % 2 == 0 ? pattern.0 : pattern.1) >> UInt8(place / 2 % 8) & 1 == 1)
  }
  mask[0] = true
  let places = GraphicsLayer.places(header: header, mask: mask)
  let split = input.number(below: 1 << 12)
  var rest = input.rest()
  // As pixels coded by context mixing, which any bytes are.
  if pattern.0 & 1 == 0 { rest = [ContextCodedPixels.signature] + rest }
  let units =
    places.count == 1 ? [rest] : [Array(rest.prefix(split)), Array(rest.dropFirst(split))]
  let levels = LevelMap(
    columns: header.columns, rows: header.rows, levels: Array(repeating: 0, count: count))
  guard let rateTable = RateTable(bits: tinyNetwork.levels.bits) else {
    fatalError("no rate table")
  }
  func file(_ graphics: GraphicsLayer?) -> [UInt8] {
    CodedPicture(
      header: header, rateTable: rateTable, levelMap: levels, graphics: graphics,
      segments: Array(repeating: [], count: header.tileCount)
    ).serialized()
  }
  let without = file(nil).count - 2
  return Array(
    file(GraphicsLayer(header: header, mask: mask, units: units)).dropFirst(without).dropLast(2))
}

/// A chunk of any bytes as mask and lengths.
private func rawChunk(_ input: inout InputReader) -> [UInt8] {
  let mask = (0..<Int(input.byte() & 31)).map { _ in input.byte() }
  let lengths = (0..<Int(input.byte() & 3)).map { _ in input.byte() }
  let units = input.rest()
  var head = [UInt8(mask.count)] + mask + lengths
  var chunk = [UInt8(ascii: "G")]
  var length = head.count + 4 + units.count
  while length > 127 {
    chunk.append(UInt8(length & 127) | 128)
    length >>= 7
  }
  chunk.append(UInt8(length))
  head = chunk + head
  let checksum = CRC32.of(head[...])
  return head + [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: checksum >> UInt32($0)) } + units
}

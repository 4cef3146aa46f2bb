internal import GQCodec

/// Reads a PGM or PPM file (Netpbm), plain or raw: header, checks, samples. ``NetpbmWriter`` is the inverse.
///
/// Samples of another maximum than 255 are scaled and rounded. One picture per file.
func readNetpbm(_ bytes: [UInt8], limits: PictureLimits) throws(PixelIOError) -> PictureFile {
  var scanner = NetpbmScanner(bytes)
  // The signature was checked: P2, P3, P5 or P6.
  let kind = bytes[1] - UInt8(ascii: "0")
  let isRaw = kind >= 5
  let colorType: Picture.ColorType = kind == 3 || kind == 6 ? .rgb : .grey
  let width = try scanner.number("width", atMost: Int(Int32.max))
  let height = try scanner.number("height", atMost: Int(Int32.max))
  let maximum = try scanner.number("largest sample", atMost: 65535)
  guard width > 0, height > 0, maximum > 0 else {
    throw .damaged(.netpbm, detail: "\(width) x \(height) pixels, samples up to \(maximum)")
  }
  try limits.check(width: width, height: height)
  let count = width * height * colorType.componentCount

  func scaled(_ value: Int) throws(PixelIOError) -> UInt8 {
    guard value <= maximum else {
      throw .damaged(.netpbm, detail: "a sample of \(value) where \(maximum) is the largest")
    }
    return UInt8(maximum == 255 ? value : (value * 255 + maximum / 2) / maximum)
  }
  let sampleBytes = maximum > 255 ? 2 : 1
  // A plain sample takes a digit and a space.
  try scanner.require(isRaw ? count * sampleBytes + 1 : count * 2)
  if isRaw { try scanner.skipOneSpace() }
  let samples = try makeSamples(.netpbm, count: count) { samples throws(PixelIOError) in
    for k in 0..<count {
      samples[k] = try scaled(
        isRaw
          ? scanner.raw(sampleBytes) : try scanner.number("sample", atMost: 65535))
    }
  }
  if !isRaw { scanner.skipSpaces() }
  guard scanner.isAtEnd else {
    throw .damaged(.netpbm, detail: "bytes after the picture")
  }
  return PictureFile(
    picture: Picture(width: width, height: height, colorType: colorType, samples: samples),
    format: .netpbm, conversions: maximum > 255 ? [.roundedSamples(bits: 16)] : [])
}

/// The rows of a raw PGM or PPM file of 8-bit samples, nil where a picture must be held: see
/// ``PictureReader/rows(_:maxBytes:leastPixels:)``.
func netpbmRows(
  _ file: OpenFile, _ limits: PictureLimits, _ leastPixels: Int
) throws -> PictureFileRows? {
  // Comments that are longer than this are rare enough to read the file as a whole.
  var scanner = NetpbmScanner(try file.bytes(at: 0, count: 4096))
  let kind = try file.bytes(at: 1, count: 1)[0] - UInt8(ascii: "0")
  guard
    kind >= 5, let width = try? scanner.number("width", atMost: Int(Int32.max)),
    let height = try? scanner.number("height", atMost: Int(Int32.max)),
    let maximum = try? scanner.number("largest sample", atMost: 65535), maximum == 255,
    (try? scanner.skipOneSpace()) != nil, width > 0, height > 0
  else { return nil }
  try limits.check(width: width, height: height)
  guard width * height >= leastPixels else { return nil }
  let colorType: Picture.ColorType = kind == 6 ? .rgb : .grey
  let start = scanner.position
  let rowBytes = width * colorType.componentCount
  guard file.byteCount - start == height * rowBytes else { return nil }
  return PictureFileRows(
    width: width, height: height, colorType: colorType, metadata: PictureMetadata(),
    format: .netpbm, conversions: []
  ) {
    var next = start
    return RowReading(
      read: { samples, rows throws(PixelIOError) in
        let wanted = rows * rowBytes
        let bytes = (try? file.bytes(at: next, count: wanted)) ?? []
        guard bytes.count == wanted else {
          throw .truncated(.netpbm, detail: "the file has become shorter")
        }
        samples.update(from: bytes, count: wanted)
        next += wanted
      }, finish: { () throws(PixelIOError) in })
  }
}

/// Walks through the tokens of a Netpbm file.
private struct NetpbmScanner {
  private let bytes: [UInt8]
  /// Behind the two bytes of the signature.
  private(set) var position = 2

  init(_ bytes: [UInt8]) { self.bytes = bytes }

  var isAtEnd: Bool { position == bytes.count }

  private static func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || (9...13).contains(byte) }

  /// Skips white space and comments, which run from # to the end of the line.
  mutating func skipSpaces() {
    while position < bytes.count {
      if bytes[position] == UInt8(ascii: "#") {
        while position < bytes.count, bytes[position] != 10, bytes[position] != 13 { position += 1 }
      } else if Self.isSpace(bytes[position]) {
        position += 1
      } else {
        return
      }
    }
  }

  /// A decimal number with space in front.
  mutating func number(_ what: String, atMost limit: Int) throws(PixelIOError) -> Int {
    let before = position
    skipSpaces()
    guard position < bytes.count else { throw .truncated(.netpbm, detail: "no \(what)") }
    guard position > before else {
      throw .damaged(.netpbm, detail: "no space in front of the \(what)")
    }
    var value = 0
    let start = position
    while position < bytes.count, (0x30...0x39).contains(bytes[position]) {
      value = value * 10 + Int(bytes[position] - 0x30)
      guard value <= limit else {
        throw .damaged(.netpbm, detail: "the \(what) is above \(limit)")
      }
      position += 1
    }
    guard position > start else { throw .damaged(.netpbm, detail: "the \(what) is no number") }
    return value
  }

  /// Throws unless this many bytes are left, before memory is taken for what they hold.
  func require(_ count: Int) throws(PixelIOError) {
    guard bytes.count - position >= count else {
      throw .truncated(
        .netpbm, detail: "\(bytes.count - position) bytes of samples where \(count) are needed")
    }
  }

  mutating func skipOneSpace() throws(PixelIOError) {
    guard position < bytes.count, Self.isSpace(bytes[position]) else {
      throw .damaged(.netpbm, detail: "no space behind the header")
    }
    position += 1
  }

  /// One or two bytes, most significant first, that `require` found to be there.
  mutating func raw(_ count: Int) -> Int {
    defer { position += count }
    return count == 1
      ? Int(bytes[position]) : Int(bytes[position]) << 8 | Int(bytes[position + 1])
  }
}

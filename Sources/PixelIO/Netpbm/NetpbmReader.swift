internal import GQCodec

/// Reads a PBM, PGM, PPM or PAM file (Netpbm), plain or raw: header, checks, samples. ``NetpbmWriter`` is the inverse.
///
/// Samples of another maximum than 255 are scaled and rounded. Of several pictures in a file the first is read.
func readNetpbm(_ bytes: [UInt8], limits: PictureLimits) throws(PixelIOError) -> PictureFile {
  var scanner = NetpbmScanner(bytes)
  let header = try NetpbmHeader(&scanner, kind: bytes[1] - UInt8(ascii: "0"))
  let (width, height, maximum) = (header.width, header.height, header.maximum)
  try limits.check(width: width, height: height)
  let channels = header.colorType.componentCount + (header.hasAlpha ? 1 : 0)
  let count = width * height * channels

  func scaled(_ value: Int) throws(PixelIOError) -> UInt8 {
    guard value <= maximum else {
      throw .damaged(.netpbm, detail: "a sample of \(value) where \(maximum) is the largest")
    }
    return UInt8(maximum == 255 ? value : (value * 255 + maximum / 2) / maximum)
  }
  let sampleBytes = maximum > 255 ? 2 : 1
  let rowBytes = (width + 7) / 8
  // A plain sample takes a digit and a space, one of a plain bitmap the digit alone.
  let least =
    switch (header.isRaw, header.isBitmap) {
    case (true, true): rowBytes * height
    case (true, false): count * sampleBytes
    case (false, true): count
    case (false, false): count * 2
    }
  if header.isRaw { try scanner.skipOneSpace() }
  try scanner.require(least)
  let samples = try makeSamples(.netpbm, count: count) { samples throws(PixelIOError) in
    if header.isBitmap {
      // 1 is black.
      for y in 0..<height {
        var byte = 0
        for x in 0..<width {
          if header.isRaw, x % 8 == 0 { byte = scanner.raw(1) }
          let bit = header.isRaw ? byte >> (7 - x % 8) & 1 : try scanner.bit()
          samples[y * width + x] = bit == 1 ? 0 : 255
        }
      }
      return
    }
    for k in 0..<count {
      samples[k] = try scaled(
        header.isRaw ? scanner.raw(sampleBytes) : try scanner.number("sample", atMost: 65535))
    }
  }
  var conversions: [Conversion] = maximum > 255 ? [.roundedSamples(bits: 16)] : []
  if !header.isRaw { scanner.skipSpaces() }
  if !scanner.isAtEnd {
    conversions.append(
      scanner.isPicture
        ? .notKept(["further pictures of the file"]) : .irregular("bytes after the picture"))
  }
  return PictureFile(
    picture: Picture(
      width: width, height: height, colorType: header.colorType, interleaved: samples,
      hasAlpha: header.hasAlpha, metadata: PictureMetadata()),
    format: .netpbm, conversions: conversions)
}

/// What stands in front of the samples.
private struct NetpbmHeader {
  let width: Int
  let height: Int
  /// The largest sample.
  let maximum: Int
  let colorType: Picture.ColorType
  let hasAlpha: Bool
  let isRaw: Bool
  /// Whether a sample is a bit, 1 being black.
  let isBitmap: Bool

  /// Reads a header of the kind 1 to 7 up to its last token.
  init(_ scanner: inout NetpbmScanner, kind: UInt8) throws(PixelIOError) {
    let depth: Int
    if kind == 7 {
      var numbers: [String: Int] = [:]
      while true {
        let word = try scanner.word()
        if word == "ENDHDR" { break }
        if word == "TUPLTYPE" {
          // The depth says the same for all kinds that there are.
          _ = try scanner.word()
          continue
        }
        guard ["WIDTH", "HEIGHT", "DEPTH", "MAXVAL"].contains(word) else {
          throw .damaged(.netpbm, detail: "\(word) in the header")
        }
        numbers[word] = try scanner.number(word.lowercased(), atMost: Int(Int32.max))
      }
      width = numbers["WIDTH"] ?? 0
      height = numbers["HEIGHT"] ?? 0
      maximum = numbers["MAXVAL"] ?? 0
      depth = numbers["DEPTH"] ?? 0
      guard (1...4).contains(depth) else { throw .unsupported(.netpbm, .components(depth)) }
    } else {
      width = try scanner.number("width", atMost: Int(Int32.max))
      height = try scanner.number("height", atMost: Int(Int32.max))
      maximum =
        kind == 1 || kind == 4 ? 1 : try scanner.number("largest sample", atMost: 65535)
      depth = kind == 3 || kind == 6 ? 3 : 1
    }
    guard width > 0, height > 0, (1...65535).contains(maximum) else {
      throw .damaged(.netpbm, detail: "\(width) x \(height) pixels, samples up to \(maximum)")
    }
    colorType = depth >= 3 ? .rgb : .grey
    hasAlpha = depth % 2 == 0
    isRaw = kind >= 4
    isBitmap = kind == 1 || kind == 4
  }
}

/// The rows of a raw PGM or PPM file of 8-bit samples, nil where a picture must be in memory: see
/// ``PictureReader/rows(_:maxBytes:leastPixels:)``.
func netpbmRows(
  _ file: OpenFile, _ limits: PictureLimits, _ leastPixels: Int
) throws -> PictureFileRows? {
  // Comments that are longer than this are rare enough to read the file as a whole.
  var scanner = NetpbmScanner(try file.bytes(at: 0, count: 4096))
  let kind = try file.bytes(at: 1, count: 1)[0] - UInt8(ascii: "0")
  guard
    kind == 5 || kind == 6, let width = try? scanner.number("width", atMost: Int(Int32.max)),
    let height = try? scanner.number("height", atMost: Int(Int32.max)),
    let maximum = try? scanner.number("largest sample", atMost: 65535), maximum == 255,
    (try? scanner.skipOneSpace()) != nil, width > 0, height > 0
  else { return nil }
  try limits.check(width: width, height: height)
  guard width * height >= leastPixels else { return nil }
  let colorType: Picture.ColorType = kind == 6 ? .rgb : .grey
  let start = scanner.position
  let rowBytes = width * colorType.componentCount
  // Files with more behind the picture are read as a whole.
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

/// Reads the tokens of a Netpbm file.
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

  /// Skips the one character that ends a header, which may be the two of a line's end in Windows.
  mutating func skipOneSpace() throws(PixelIOError) {
    guard position < bytes.count, Self.isSpace(bytes[position]) else {
      throw .damaged(.netpbm, detail: "no space behind the header")
    }
    if hasWindowsLines, bytes[position...].starts(with: [13, 10]) { position += 1 }
    position += 1
  }

  /// Whether the first line ends as in Windows.
  private var hasWindowsLines: Bool { bytes.count > 3 && bytes[2] == 13 && bytes[3] == 10 }

  /// Whether another picture begins here.
  var isPicture: Bool {
    position + 2 < bytes.count && bytes[position] == UInt8(ascii: "P")
      && (UInt8(ascii: "1")...UInt8(ascii: "7")).contains(bytes[position + 1])
  }

  /// A word of at most 64 letters with space in front.
  mutating func word() throws(PixelIOError) -> String {
    skipSpaces()
    let word = bytes[position...].prefix { !Self.isSpace($0) }
    guard !word.isEmpty else { throw .truncated(.netpbm, detail: "the header has no end") }
    guard word.count <= 64 else { throw .damaged(.netpbm, detail: "a long word in the header") }
    position += word.count
    return String(decoding: word, as: UTF8.self)
  }

  /// A digit of a plain bitmap.
  mutating func bit() throws(PixelIOError) -> Int {
    skipSpaces()
    guard position < bytes.count else { throw .truncated(.netpbm, detail: "samples are missing") }
    guard bytes[position] == 0x30 || bytes[position] == 0x31 else {
      throw .damaged(.netpbm, detail: "a sample that is neither 0 nor 1")
    }
    position += 1
    return Int(bytes[position - 1] - 0x30)
  }

  /// One or two bytes, most significant first, that `require` found to be there.
  mutating func raw(_ count: Int) -> Int {
    defer { position += count }
    return count == 1
      ? Int(bytes[position]) : Int(bytes[position]) << 8 | Int(bytes[position + 1])
  }
}

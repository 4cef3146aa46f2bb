internal import GQBitstream

/// The chunks of a PNG file that libpng does not read, or not as other programs do.
struct PNGChunks {
  private let read: (_ offset: Int, _ count: Int) -> [UInt8]
  /// Where the first chunk of each kind is: its content.
  private var places: [String: Range<Int>] = [:]
  private var textCount = 0

  /// Lists the chunks of a file of which `read` gives parts.
  init(byteCount: Int, _ read: @escaping (_ offset: Int, _ count: Int) -> [UInt8]) {
    self.read = read
    var position = 8
    while position <= byteCount - 12 {
      let head = read(position, 8)
      guard head.count == 8 else { return }
      let length = head.prefix(4).reduce(0) { $0 << 8 | Int($1) }
      guard length <= byteCount - 12 - position else { return }
      let kind = String(decoding: head.suffix(4), as: UTF8.self)
      if kind == "IEND" { return }
      let place = position + 8..<position + 8 + length
      switch kind {
      case "tEXt", "zTXt": textCount += 1
      case "iTXt":
        let key = Array("XML:com.adobe.xmp\0".utf8)
        if read(place.lowerBound, min(length, key.count)) != key { textCount += 1 }
      case "eXIf", "cICP", "cHRM", "gAMA", "sRGB", "acTL", "pHYs":
        if places[kind] == nil { places[kind] = place }
      default: break
      }
      position += 12 + length
    }
  }

  /// The content of a chunk of at most so many bytes whose checksum is right.
  private func content(_ kind: String, atMost limit: Int = 64) -> [UInt8]? {
    guard let place = places[kind], place.count <= limit else { return nil }
    let bytes = read(place.lowerBound - 4, place.count + 8)
    guard bytes.count == place.count + 8,
      CRC32.of(bytes.dropLast(4)) == bytes.suffix(4).reduce(0, { $0 << 8 | UInt32($1) })
    else { return nil }
    return Array(bytes[4..<bytes.count - 4])
  }

  /// The Exif block, how many bytes the file has of it, and why it is not taken.
  func exif(limit: Int) -> (bytes: [UInt8]?, byteCount: Int, problem: String?) {
    guard let place = places["eXIf"] else { return (nil, 0, nil) }
    if place.count > limit { return (nil, place.count, nil) }
    guard var bytes = content("eXIf", atMost: limit) else {
      return (nil, place.count, "eXIf: CRC error")
    }
    // Some programs write what stands in front of it in JPEG.
    if bytes.starts(with: JPEGSegmentName.exif) { bytes.removeFirst(JPEGSegmentName.exif.count) }
    guard bytes.starts(with: [0x49, 0x49, 42, 0]) || bytes.starts(with: [0x4D, 0x4D, 0, 42]) else {
      return (nil, place.count, "eXIf: no TIFF structure")
    }
    return (bytes, place.count, nil)
  }

  /// The profile of the colour space that cICP, or gAMA and cHRM, stand for; nil for sRGB, and what cannot be said by one.
  func colourSpace(isGrey: Bool) -> (profile: [UInt8]?, notKept: [String]) {
    if let codes = content("cICP"), codes.count == 4 {
      guard let space = ColourSpace(cicp: codes) else {
        let names: [UInt8: String] = [16: "PQ", 18: "HLG"]
        let transfer = names[codes[1]] ?? "transfer \(codes[1])"
        return (nil, ["the colour space (cICP: primaries \(codes[0]), \(transfer))"])
      }
      return (space.isSRGB ? nil : space.profile(isGrey: isGrey, cicp: codes), [])
    }
    if places["sRGB"] != nil { return (nil, []) }
    func numbers(_ kind: String, _ count: Int) -> [Double]? {
      guard let bytes = content(kind), bytes.count == 4 * count else { return nil }
      return (0..<count).map { k in
        Double(bytes[4 * k..<4 * k + 4].reduce(0) { $0 << 8 | Int($1) }) / 100000
      }
    }
    let gamma = numbers("gAMA", 1)?.first
    let corners = numbers("cHRM", 8)
    guard let space = ColourSpace(gamma: gamma, chromaticities: corners) else {
      return (nil, ["the colour space (gAMA or cHRM make no sense)"])
    }
    return (space.isSRGB ? nil : space.profile(isGrey: isGrey), [])
  }

  /// What else is not kept.
  func things(hasProfile: Bool, hasExif: Bool) -> [String] {
    var things: [String] = []
    if let animation = content("acTL"), animation.count == 8 {
      let frames = animation.prefix(4).reduce(0) { $0 << 8 | Int($1) }
      if frames > 1 { things.append("\(frames - 1) further frames of the animation") }
    }
    if hasProfile, places["cICP"] != nil {
      things.append("the colour space (cICP) beside the ICC profile")
    }
    if textCount > 0 { things.append("text (\(textCount) chunk\(textCount == 1 ? "" : "s"))") }
    if !hasExif, let bytes = content("pHYs"), bytes.count == 9 {
      func number(_ place: Int) -> Int { bytes[place..<place + 4].reduce(0) { $0 << 8 | Int($1) } }
      let resolution = Resolution(x: number(0), y: number(4), unit: bytes[8] == 1 ? 3 : 0)
      if let text = resolution.text { things.append("the resolution of \(text)") }
    }
    return things
  }
}

/// What a JPEG file has beside the picture and the metadata that are kept.
struct JPEGOthers {
  private var hasComment = false
  private var hasCaption = false
  private var hasMorePictures = false
  private var trailer: String?
  /// The resolution, when it says something: 72 and 96 are what programs write that know none.
  var resolution: String?

  /// Takes note of a segment.
  mutating func add(_ marker: UInt8, _ content: ArraySlice<UInt8>) {
    switch marker {
    case 0xFE:
      hasComment = hasComment || content.contains { $0 > 32 }
    case 0xED where content.starts(with: Array("Photoshop 3.0\0".utf8)):
      // The resource of IPTC captions: its signature and number.
      let number = Array("8BIM".utf8) + [4, 4]
      hasCaption = hasCaption || content.indices.contains { content[$0...].starts(with: number) }
    case 0xE2 where content.starts(with: Array("MPF\0".utf8)):
      hasMorePictures = true
    case 0xE0 where content.starts(with: Array("JFIF\0".utf8)) && content.count >= 12:
      let start = content.startIndex
      let x = Int(content[start + 8]) << 8 | Int(content[start + 9])
      let y = Int(content[start + 10]) << 8 | Int(content[start + 11])
      resolution = Resolution(x: x, y: y, unit: content[start + 7]).text
    default:
      break
    }
  }

  /// Takes note of what stands behind the end marker; filler is nothing.
  mutating func addTrailer(_ bytes: ArraySlice<UInt8>) {
    guard let first = bytes.firstIndex(where: { ![0, 0xFF, 9, 10, 13, 32].contains($0) }) else {
      return
    }
    let head = bytes[max(bytes.startIndex, first - 1)...].prefix(16)
    if head.starts(with: [0xFF, 0xD8]) {
      hasMorePictures = true
    } else if head.dropFirst(4).prefix(6).contains(UInt8(ascii: "f")),
      head.indices.contains(where: { head[$0...].starts(with: Array("ftyp".utf8)) })
    {
      trailer = "the video behind the picture"
    } else {
      trailer = "\(bytes.count) bytes behind the picture"
    }
  }

  /// What there is.
  var things: [String] {
    [
      hasMorePictures ? "further pictures of the file (previews, gain map)" : nil, trailer,
      hasCaption ? "IPTC captions" : nil, hasComment ? "the comment" : nil,
      resolution.map { "the resolution of \($0)" },
    ].compactMap { $0 }
  }

  /// Whether an XMP packet says that a gain map, a video or another picture stands behind the first.
  static func isPromised(by xmp: [UInt8]) -> Bool {
    [
      "http://ns.adobe.com/hdr-gain-map/", "http://ns.google.com/photos/1.0/container/",
      "HDRGainMap", "MotionPhoto", "MicroVideo", "http://ns.google.com/photos/1.0/image/",
      "http://ns.google.com/photos/1.0/depthmap/",
    ].contains { xmp.firstRange(of: Array($0.utf8)) != nil }
  }
}

/// How many pixels lie on a length.
struct Resolution {
  /// What people call it; nil when nothing is said, or what programs write that know none.
  let text: String?

  /// - Parameters:
  ///   - x: pixels across a unit.
  ///   - y: pixels down a unit.
  ///   - unit: 0 none, 1 inch, 2 centimetre, 3 metre.
  init(x: Int, y: Int, unit: UInt8) {
    func perInch(_ value: Int) -> Int {
      switch unit {
      case 2: (value * 254 + 50) / 100
      case 3: (value * 254 + 5000) / 10000
      default: value
      }
    }
    if x <= 0 || y <= 0 {
      text = nil
    } else if unit == 0 {
      text = x == y ? nil : "\(x):\(y) pixels, which are not square"
    } else if perInch(x) == perInch(y) {
      text = [72, 96].contains(perInch(x)) ? nil : "\(perInch(x)) dpi"
    } else {
      text = "\(perInch(x)) x \(perInch(y)) dpi"
    }
  }
}

extension Array where Element == UInt8 {
  /// Where another array stands in this one first.
  func firstRange(of other: [UInt8]) -> Range<Int>? {
    guard let first = other.first, count >= other.count else { return nil }
    return withUnsafeBufferPointer { bytes in
      for start in 0...(count - other.count)
      where bytes[start] == first && bytes[start..<start + other.count].elementsEqual(other) {
        return start..<start + other.count
      }
      return nil
    }
  }
}

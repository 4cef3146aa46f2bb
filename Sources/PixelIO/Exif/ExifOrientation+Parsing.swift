extension ExifOrientation {
  /// Finds the orientation in a JPEG file's first Exif segment.
  ///
  /// Nil when there is none or when it makes no sense: Exif is a remark beside the picture, and a
  /// bad remark does not spoil the pixels.
  init?(jpeg bytes: [UInt8]) {
    var tiff: [UInt8]?
    forEachSegment(ofJPEG: bytes) { marker, content in
      guard marker == JPEGSegmentName.app1, content.starts(with: JPEGSegmentName.exif) else {
        return true
      }
      tiff = Array(content.dropFirst(JPEGSegmentName.exif.count))
      return false
    }
    guard let tiff else { return nil }
    self.init(tiff: tiff)
  }

  /// Finds the orientation in the first directory of a TIFF structure, as Exif holds it.
  init?(tiff bytes: [UInt8]) {
    guard let place = Self.place(tiff: bytes) else { return nil }
    self.init(rawValue: place.value)
  }

  /// The same TIFF structure with an orientation that says "upright".
  static func upright(tiff bytes: [UInt8]) -> [UInt8] {
    guard let place = place(tiff: bytes) else { return bytes }
    var changed = bytes
    changed[place.offset] = place.isBigEndian ? 0 : 1
    changed[place.offset + 1] = place.isBigEndian ? 1 : 0
    return changed
  }

  /// The same XMP packet with orientations that say "upright".
  ///
  /// They are attributes or elements: `tiff:Orientation="6"`, `<tiff:Orientation>6</tiff:Orientation>`.
  static func upright(xmp bytes: [UInt8]) -> [UInt8] {
    let name = Array("tiff:Orientation".utf8)
    var changed = bytes
    var position = 0
    while position + name.count < bytes.count {
      guard bytes[position] == name[0], bytes[position...].starts(with: name) else {
        position += 1
        continue
      }
      position += name.count
      let rest = bytes[position...].prefix(3)
      let isAttribute = rest.starts(with: Array("=\"".utf8)) || rest.starts(with: Array("='".utf8))
      let digit = position + (isAttribute ? 2 : rest.first == UInt8(ascii: ">") ? 1 : 3)
      if digit < bytes.count, digit < position + 3,
        (UInt8(ascii: "1")...UInt8(ascii: "8")).contains(bytes[digit])
      {
        changed[digit] = UInt8(ascii: "1")
      }
    }
    return changed
  }

  /// Where the orientation's two bytes are in the first directory of a TIFF structure, and what they say.
  private static func place(
    tiff bytes: [UInt8]
  ) -> (offset: Int, value: Int, isBigEndian: Bool)? {
    guard bytes.count >= 8 else { return nil }
    let bigEndian: Bool
    switch (bytes[0], bytes[1]) {
    case (0x4D, 0x4D): bigEndian = true
    case (0x49, 0x49): bigEndian = false
    default: return nil
    }
    /// A number of two bytes, or nil beyond the end.
    func short(at offset: Int) -> Int? {
      guard offset >= 0, offset <= bytes.count - 2 else { return nil }
      let first = Int(bytes[offset])
      let second = Int(bytes[offset + 1])
      return bigEndian ? first << 8 | second : second << 8 | first
    }
    /// A number of four bytes, or nil beyond the end. Never negative.
    func long(at offset: Int) -> Int? {
      guard let first = short(at: offset), let second = short(at: offset + 2) else { return nil }
      return bigEndian ? first << 16 | second : second << 16 | first
    }

    guard short(at: 2) == 42, let directory = long(at: 4), let count = short(at: directory) else {
      return nil
    }
    // 12 bytes an entry: tag, type, count, value. At most 65535 entries, each checked.
    for entry in 0..<count {
      let offset = directory + 2 + 12 * entry
      guard let tag = short(at: offset) else { return nil }
      guard tag == 0x0112 else { continue }
      guard short(at: offset + 2) == 3, long(at: offset + 4) == 1,
        let value = short(at: offset + 8)
      else { return nil }
      return (offset + 8, value, bigEndian)
    }
    return nil
  }
}

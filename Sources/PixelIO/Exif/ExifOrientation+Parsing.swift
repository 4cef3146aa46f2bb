extension ExifOrientation {
  /// Finds the orientation in a JPEG file's first Exif segment.
  ///
  /// Nil when there is none or when it makes no sense: Exif is a remark beside the picture, and a
  /// bad remark does not spoil the pixels.
  init?(jpeg bytes: [UInt8]) {
    let signature: [UInt8] = [0x45, 0x78, 0x69, 0x66, 0x00, 0x00]  // "Exif", 0, 0
    var position = 2
    // Segments: 0xFF, any more of it as padding, the marker, a length that counts itself.
    while position + 1 < bytes.count, bytes[position] == 0xFF {
      let marker = bytes[position + 1]
      if marker == 0xFF {
        position += 1
        continue
      }
      position += 2
      if marker == 0x01 || (0xD0...0xD8).contains(marker) { continue }  // no length follows
      if marker == 0xDA || marker == 0xD9 { return nil }  // the pixels, or the end
      guard position + 2 <= bytes.count else { return nil }
      let length = Int(bytes[position]) << 8 | Int(bytes[position + 1])
      guard length >= 2, position + length <= bytes.count else { return nil }
      let body = bytes[(position + 2)..<(position + length)]
      if marker == 0xE1, body.starts(with: signature) {
        self.init(tiff: Array(body.dropFirst(signature.count)))
        return
      }
      position += length
    }
    return nil
  }

  /// Finds the orientation in the first directory of a TIFF structure, as Exif holds it.
  init?(tiff bytes: [UInt8]) {
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
      self.init(rawValue: value)
      return
    }
    return nil
  }
}

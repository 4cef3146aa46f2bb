/// An Exif block, a TIFF structure, of which entries are changed where they stand.
struct ExifBlock {
  private(set) var bytes: [UInt8]
  private let isBigEndian: Bool

  /// Nil for what is no TIFF structure.
  init?(_ bytes: [UInt8]) {
    guard bytes.count >= 8 else { return nil }
    switch (bytes[0], bytes[1]) {
    case (0x4D, 0x4D): isBigEndian = true
    case (0x49, 0x49): isBigEndian = false
    default: return nil
    }
    self.bytes = bytes
    guard number(2, 2) == 42 else { return nil }
  }

  /// Tags that are changed.
  private enum Tag {
    static let width = 0x0100
    static let height = 0x0101
    static let thumbnailStart = 0x0201
    static let thumbnailCount = 0x0202
    static let exifDirectory = 0x8769
    static let gpsDirectory = 0x8825
    static let pixelWidth = 0xA002
    static let pixelHeight = 0xA003
  }

  /// Makes sizes those of a picture, and takes away the thumbnail, which shows another one.
  mutating func describe(width: Int, height: Int) {
    guard let first = number(4, 4) else { return }
    set(Tag.width, in: first, to: width)
    set(Tag.height, in: first, to: height)
    if let place = entry(Tag.exifDirectory, in: first), let directory = value(place) {
      set(Tag.pixelWidth, in: directory, to: width)
      set(Tag.pixelHeight, in: directory, to: height)
    }
    guard let count = number(first, 2), let second = number(first + 2 + 12 * count, 4), second != 0
    else { return }
    if let start = entry(Tag.thumbnailStart, in: second).flatMap(value),
      let length = entry(Tag.thumbnailCount, in: second).flatMap(value),
      start >= 8, start <= bytes.count, length <= bytes.count - start
    {
      erase(start..<start + length)
    }
    store(0, at: first + 2 + 12 * count, 4)
  }

  /// Takes away where the picture was taken.
  mutating func removePlace() {
    guard let first = number(4, 4), let count = number(first, 2) else { return }
    guard let place = entry(Tag.gpsDirectory, in: first), let directory = value(place) else {
      return
    }
    if let inner = number(directory, 2) {
      for k in 0..<inner {
        let entry = directory + 2 + 12 * k
        guard let type = number(entry + 2, 2), let values = number(entry + 4, 4) else { break }
        // Bytes of a value by its type.
        let sizes = [0, 1, 1, 2, 4, 8, 1, 1, 2, 4, 8, 4, 8]
        let size = type < sizes.count ? values * sizes[type] : 0
        if size > 4, let start = number(entry + 8, 4), start >= 8, start <= bytes.count,
          size <= bytes.count - start
        {
          erase(start..<start + size)
        }
        erase(entry..<min(entry + 12, bytes.count))
      }
      store(0, at: directory, 2)
    }
    // The entries behind it move up, and the place of the next directory with them.
    let end = first + 2 + 12 * count + 4
    guard end <= bytes.count else { return }
    bytes.replaceSubrange(place..<end - 12, with: Array(bytes[place + 12..<end]))
    erase(end - 12..<end)
    store(count - 1, at: first, 2)
  }

  private mutating func erase(_ range: Range<Int>) {
    for k in range where k < bytes.count { bytes[k] = 0 }
  }

  /// A number of so many bytes, nil beyond the end.
  private func number(_ place: Int, _ count: Int) -> Int? {
    guard place >= 0, place <= bytes.count - count else { return nil }
    let digits = bytes[place..<place + count]
    return isBigEndian
      ? digits.reduce(0) { $0 << 8 | Int($1) } : digits.reversed().reduce(0) { $0 << 8 | Int($1) }
  }

  private mutating func store(_ value: Int, at place: Int, _ count: Int) {
    guard place >= 0, place <= bytes.count - count else { return }
    for k in 0..<count {
      bytes[place + k] = UInt8(truncatingIfNeeded: value >> (8 * (isBigEndian ? count - 1 - k : k)))
    }
  }

  /// Where a tag's entry of a directory is.
  private func entry(_ tag: Int, in directory: Int) -> Int? {
    guard let count = number(directory, 2) else { return nil }
    for k in 0..<count {
      let place = directory + 2 + 12 * k
      guard let found = number(place, 2) else { return nil }
      if found == tag { return place }
    }
    return nil
  }

  /// The number that an entry holds, of two or four bytes.
  private func value(_ entry: Int) -> Int? {
    switch number(entry + 2, 2) {
    case 3: number(entry + 8, 2)
    case 4: number(entry + 8, 4)
    default: nil
    }
  }

  private mutating func set(_ tag: Int, in directory: Int, to value: Int) {
    guard let place = entry(tag, in: directory), number(place + 4, 4) == 1 else { return }
    switch number(place + 2, 2) {
    case 3 where value <= 65535: store(value, at: place + 8, 2)
    case 4: store(value, at: place + 8, 4)
    default: break
    }
  }
}

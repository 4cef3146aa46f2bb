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

  /// Takes away where the picture was taken. Returns whether all of it is gone: a block that is not as it should be may
  /// say it elsewhere.
  mutating func removePlace() -> Bool {
    guard let first = number(4, 4), let count = number(first, 2) else { return false }
    let entries = first + 2
    let next = entries + 12 * count
    guard next + 4 <= bytes.count else { return false }
    // Parts of a well-formed block do not overlap, so together they are no larger than it.
    var left = bytes.count
    var kept = 0
    for place in stride(from: entries, to: next, by: 12) {
      if number(place, 2) == Tag.gpsDirectory {
        guard let directory = value(place), eraseDirectory(directory, left: &left) else {
          return false
        }
      } else {
        let to = entries + 12 * kept
        for k in 0..<12 { bytes[to + k] = bytes[place + k] }
        kept += 1
      }
    }
    // The place of the next directory moves up too.
    let end = entries + 12 * kept
    for k in 0..<4 { bytes[end + k] = bytes[next + k] }
    if kept < count { erase(end + 4..<next + 4) }
    store(kept, at: first, 2)
    return true
  }

  /// Erases a directory and the values that its entries point to, of `left` bytes at most.
  private mutating func eraseDirectory(_ directory: Int, left: inout Int) -> Bool {
    guard let count = number(directory, 2), 12 * count <= left,
      directory + 2 + 12 * count <= bytes.count
    else { return false }
    left -= 12 * count
    for k in 0..<count {
      let entry = directory + 2 + 12 * k
      guard let type = number(entry + 2, 2), let values = number(entry + 4, 4) else { return false }
      // Bytes of a value by its type.
      let sizes = [0, 1, 1, 2, 4, 8, 1, 1, 2, 4, 8, 4, 8, 4]
      guard type < sizes.count else { return false }
      let size = values * sizes[type]
      if size > 4 {
        guard let start = number(entry + 8, 4), start >= 8, size <= left,
          start <= bytes.count - size
        else { return false }
        left -= size
        erase(start..<start + size)
      }
      erase(entry..<entry + 12)
    }
    store(0, at: directory, 2)
    return true
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
    // A directory's place may have type 13 too (IFD, TIFF Technical Note 1).
    case 4, 13: number(entry + 8, 4)
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

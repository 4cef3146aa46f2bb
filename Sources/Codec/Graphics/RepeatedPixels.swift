import GQBitstream

/// Counts for every position the pixels that neither repeat a neighbour nor what followed the same four neighbours before: a small
/// part of those of text, however many colours its glyphs have, and nearly all of a photograph's.
struct RepeatedPixels {
  private let header: Header
  /// For every position, the pixels that are new.
  private(set) var newPixels: [Int]
  /// For every position about how many bits it takes without loss.
  var bits: [Float] { newPixels.map { Float(Self.bitsOfNewPixel * $0) } }
  private var row = 0
  /// The colours of the row above, with a pixel on either side.
  private var above: [UInt32]
  /// By a hash of four neighbours, what followed: a colour, or `none`.
  private var followers = [UInt32](repeating: none, count: 1 << hashBits)

  /// About how many bits a new pixel of text takes, with its share of those of the others.
  private static let bitsOfNewPixel = 8
  private static let hashBits = 16
  /// No colour.
  private static let none = UInt32.max

  init(header: Header) {
    self.header = header
    newPixels = [Int](repeating: 0, count: header.rows * header.columns)
    above = [UInt32](repeating: Self.none, count: header.width + 2)
  }

  /// Counts those of a picture.
  init(_ source: some PictureSource, header: Header) throws {
    self.init(header: header)
    try source.forEachRows(Header.stride) {
      push($0, components: source.colorType.componentCount)
    }
  }

  /// Takes whole rows of the picture.
  mutating func push(_ samples: [UInt8], components: Int) {
    var this = above
    for start in stride(from: 0, to: samples.count, by: header.width * components) {
      let first = row / Header.stride * header.columns
      for x in 0..<header.width {
        let place = start + x * components
        var colour = UInt32(samples[place])
        if components == 3 {
          colour |= UInt32(samples[place + 1]) << 8 | UInt32(samples[place + 2]) << 16
        }
        let (left, up) = (this[x], above[x + 1])
        var hash = left &* 0x9E37_79B1
        func mix(_ neighbour: UInt32) {
          hash = (hash ^ hash >> 15) &* 0x85EB_CA6B &+ neighbour &* 0x9E37_79B1
        }
        mix(up)
        mix(above[x])
        mix(above[x + 2])
        let slot = Int(((hash ^ hash >> 15) &* 0x85EB_CA6B) >> (32 - Self.hashBits))
        if colour != left, colour != up, colour != followers[slot] {
          newPixels[first + x / Header.stride] += 1
        }
        followers[slot] = colour
        this[x + 1] = colour
      }
      swap(&this, &above)
      row += 1
    }
  }
}

import GQBitstream

/// The RGB samples of units, gathered from the rows of a picture. Inverse: `GraphicsOverlay`.
struct GraphicsPixels {
  private let header: Header
  private let mask: [Bool]
  let places: [GridRectangle]
  private(set) var samples: [[UInt8]]
  private var row = 0

  init(header: Header, mask: [Bool]) {
    self.header = header
    self.mask = mask
    places = GraphicsLayer.places(header: header, mask: mask)
    samples = places.map { place in
      [UInt8](repeating: 0, count: place.width(in: header) * place.height(in: header) * 3)
    }
  }

  /// Takes whole rows of the picture. Pixels that are not of the layer repeat the one to their left, which costs least.
  mutating func push(_ part: [UInt8], components: Int) {
    let stride = Header.stride
    let length = header.width * components
    for line in 0..<part.count / length {
      for (number, place) in places.enumerated()
      where place.rows.contains(row / stride) {
        let left = place.columns.lowerBound * stride
        let width = place.width(in: header)
        var target = (row - place.rows.lowerBound * stride) * width * 3
        var last: (UInt8, UInt8, UInt8) = (0, 0, 0)
        for x in left..<left + width {
          if mask[row / stride * header.columns + x / stride] {
            let from = line * length + x * components
            last =
              components == 3
              ? (part[from], part[from + 1], part[from + 2])
              : (part[from], part[from], part[from])
          }
          (samples[number][target], samples[number][target + 1], samples[number][target + 2]) = last
          target += 3
        }
      }
      row += 1
    }
  }
}

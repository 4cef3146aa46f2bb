import GQBitstream
import GQModel

/// Puts decoded units of graphics over what the network decoded. Inverse: `GraphicsPixels`.
struct GraphicsOverlay: Sendable {
  private let header: Header
  private let mask: [Bool]
  private let units: [(place: GridRectangle, bytes: [UInt8])]
  /// The RGB samples of units that rows have come to; those above are forgotten.
  private var decoded: [Int: [UInt8]] = [:]
  private let pool: WorkerPool

  /// - Parameter units: those that rows will come to, in order; others keep what the network decoded.
  init(
    header: Header, mask: [Bool], units: [(place: GridRectangle, bytes: [UInt8])], pool: WorkerPool
  ) {
    self.header = header
    self.mask = mask
    self.units = units
    self.pool = pool
  }

  /// The share of the picture's positions whose units are there.
  var share: Double {
    let count = units.reduce(0) { sum, unit in
      sum
        + unit.place.rows.reduce(0) { sum, row in
          sum + unit.place.columns.count { mask[row * header.columns + $0] }
        }
    }
    return Double(count) / Double(mask.count)
  }

  /// Whether all pixels of some rows and columns are of the layer, and none of a unit that someone else decodes.
  func covers(rows: Range<Int>, columns: Range<Int>) -> Bool {
    let stride = Header.stride
    let grid = (
      rows: rows.lowerBound / stride..<(rows.upperBound + stride - 1) / stride,
      columns: columns.lowerBound / stride..<(columns.upperBound + stride - 1) / stride
    )
    let isAllGraphics = grid.rows.allSatisfy { row in
      let first = row * header.columns
      return mask[first + grid.columns.lowerBound..<first + grid.columns.upperBound]
        .allSatisfy { $0 }
    }
    return isAllGraphics
      && units.allSatisfy { unit in
        GraphicsUnit.isDecodable(unit.bytes) || !unit.place.rows.overlaps(grid.rows)
          || !unit.place.columns.overlaps(grid.columns)
      }
  }

  /// Stores the layer's samples among those of some rows and columns of the picture, `components` to a pixel.
  ///
  /// - Throws: `BitstreamError.invalidValue` for a unit that is damaged or of another size.
  mutating func paste(
    into samples: inout [UInt8], rows: Range<Int>, columns: Range<Int>, components: Int
  ) throws(BitstreamError) {
    let stride = Header.stride
    try decodeUnits(rows: rows, columns: columns)
    for (number, unit) in units.enumerated() {
      let top = unit.place.rows.lowerBound * stride
      let left = unit.place.columns.lowerBound * stride
      let (width, height) = (unit.place.width(in: header), unit.place.height(in: header))
      let (inner, across) = (
        rows.clamped(to: top..<top + height), columns.clamped(to: left..<left + width)
      )
      if top + height <= rows.lowerBound { decoded[number] = nil }
      guard !inner.isEmpty, !across.isEmpty else { continue }
      guard let pixels = decoded[number] else { continue }
      for row in inner {
        for position in across.lowerBound / stride..<(across.upperBound + stride - 1) / stride
        where mask[row / stride * header.columns + position] {
          let run = (position * stride..<(position + 1) * stride).clamped(to: across)
          var from = ((row - top) * width + run.lowerBound - left) * 3
          var to =
            ((row - rows.lowerBound) * columns.count + run.lowerBound - columns.lowerBound)
            * components
          for _ in run {
            // Grey is green, as it has three equal components in the unit.
            let first = components == 1 ? from + 1 : from
            for c in 0..<components { samples[to + c] = pixels[first + c] }
            from += 3
            to += components
          }
        }
      }
    }
  }

  /// Decodes units that some rows and columns are the first to come to.
  private mutating func decodeUnits(
    rows: Range<Int>, columns: Range<Int>
  ) throws(BitstreamError) {
    let stride = Header.stride
    let missing = units.indices.filter { number in
      let place = units[number].place
      return decoded[number] == nil && GraphicsUnit.isDecodable(units[number].bytes)
        && place.rows.lowerBound * stride < rows.upperBound
        && place.rows.upperBound * stride > rows.lowerBound
        && place.columns.lowerBound * stride < columns.upperBound
        && place.columns.upperBound * stride > columns.lowerBound
    }
    var made = [[UInt8]?](repeating: nil, count: missing.count)
    made.withUnsafeMutableBufferPointer { made in
      let made = Disjoint(made)
      let (header, units) = (header, units)
      pool.forEach(missing.count) { k in
        let unit = units[missing[k]]
        made.value[k] = GraphicsUnit.decode(
          unit.bytes, width: unit.place.width(in: header), height: unit.place.height(in: header),
          isGrey: header.colorType.isGrey)
      }
    }
    for (number, pixels) in zip(missing, made) {
      guard let pixels else {
        let place = units[number].place
        throw .invalidValue(
          what:
            "graphics unit at row \(place.rows.lowerBound), column \(place.columns.lowerBound)",
          offset: 0, found: "other bytes",
          expected: "\(place.width(in: header)) x \(place.height(in: header)) pixels")
      }
      decoded[number] = pixels
    }
  }
}

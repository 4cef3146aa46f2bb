import GQCodec
import Foundation
import GQMetrics

/// Where a decoded picture differs from the original: root mean square errors of small squares.
struct ErrorMap: Sendable, Encodable {
  /// Pixels along each side of a square.
  static let cell = 4
  /// Steps per level of error; 255 stands for this and more.
  static let scale = 4.0
  /// Pixels along each side of the crop that is shown enlarged.
  static let crop = 96

  let columns: Int
  let rows: Int
  /// One byte a square, row by row, in base64: the error times ``scale``, at most 255.
  let data: String
  private let squares: [Double]

  private enum CodingKeys: String, CodingKey {
    case columns, rows, data
  }

  /// The map of two pictures of one shape; with alpha it has the larger error of those on black and on white.
  init(_ first: Picture, _ second: Picture) {
    let (columns, rows) = (
      (first.width + Self.cell - 1) / Self.cell, (first.height + Self.cell - 1) / Self.cell
    )
    let backgrounds: [UInt8] = first.alpha == nil && second.alpha == nil ? [0] : [0, 255]
    let maps = backgrounds.map {
      Self.squares(first.flattened(on: $0), second.flattened(on: $0), columns, rows)
    }
    self.columns = columns
    self.rows = rows
    squares = maps.count == 1 ? maps[0] : zip(maps[0], maps[1]).map(max)
    data = Data(squares.map { UInt8(min(($0.squareRoot() * Self.scale).rounded(), 255)) })
      .base64EncodedString()
  }

  /// Mean squared errors of all squares.
  private static func squares(
    _ first: Picture, _ second: Picture, _ columns: Int, _ rows: Int
  ) -> [Double] {
    let components = first.colorType.componentCount
    var sums = [Double](repeating: 0, count: columns * rows)
    var counts = [Double](repeating: 0, count: columns * rows)
    for y in 0..<first.height {
      let row = y / cell * columns
      for x in 0..<first.width {
        let start = (y * first.width + x) * components
        var sum = 0
        for i in start..<(start + components) {
          let difference = Int(first.samples[i]) - Int(second.samples[i])
          sum += difference * difference
        }
        sums[row + x / cell] += Double(sum)
        counts[row + x / cell] += Double(components)
      }
    }
    return zip(sums, counts).map { $0 / $1 }
  }

  /// The corner of the crop with the largest error in all, of those that start at a square of the map.
  func worstCorner(width: Int, height: Int) -> CropCorner {
    // Sums over all squares above and to the left of a corner.
    var sums = [Double](repeating: 0, count: (columns + 1) * (rows + 1))
    for y in 0..<rows {
      var row = 0.0
      for x in 0..<columns {
        row += squares[y * columns + x]
        sums[(y + 1) * (columns + 1) + x + 1] = sums[y * (columns + 1) + x + 1] + row
      }
    }
    let (across, down) = (min(Self.crop / Self.cell, columns), min(Self.crop / Self.cell, rows))
    var worst = (error: -1.0, x: 0, y: 0)
    for y in 0...(rows - down) {
      for x in 0...(columns - across) {
        let (top, bottom) = (y * (columns + 1), (y + down) * (columns + 1))
        let error =
          sums[bottom + x + across] - sums[bottom + x] - sums[top + x + across] + sums[top + x]
        // Rounding must not decide between equal places.
        if error > worst.error * (1 + 1e-9) + 1e-6 { worst = (error, x, y) }
      }
    }
    return CropCorner(
      x: max(0, min(worst.x * Self.cell, width - Self.crop)),
      y: max(0, min(worst.y * Self.cell, height - Self.crop)))
  }
}

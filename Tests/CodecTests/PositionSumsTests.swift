@testable import GQCodec
import GaussianQuant
import Testing

/// Sums over a position's samples, beside sums pixel by pixel.
struct PositionSumsTests {
  /// Whole positions and those at a picture's right and lower edge, amid other samples.
  @Test(arguments: [(16, 16), (16, 9), (11, 16), (8, 8), (3, 5), (1, 1)], [1, 3])
  func equalSumsOfPixels(size: (rows: Int, pixels: Int), components: Int) {
    let rowLength = 20 * components
    let noise = (0..<UInt32(18 * rowLength)).map {
      Philox.block(counter: ($0, 0, 0, 0), key: (1, 2))
    }
    let original = noise.map { UInt8(truncatingIfNeeded: $0.0) }
    let decoded = noise.map { UInt8(truncatingIfNeeded: $0.1) }
    let first = rowLength + 2 * components
    let sums = original.withUnsafeBufferPointer { original in
      decoded.withUnsafeBufferPointer { decoded in
        PositionSums(
          original, decoded, from: first, rows: size.rows, rowLength: rowLength,
          pixels: size.pixels, components: components)
      }
    }
    var square: Int32 = 0
    var differences = SIMD4<Int32>.zero
    var visibility = 0.0
    let weights = components == 1 ? [1] : [0.299, 0.587, 0.114]
    for top in stride(from: 0, to: size.rows, by: 8) {
      for left in stride(from: 0, to: size.pixels, by: 8) {
        var (shift, variance) = (0.0, 0.0)
        let rows = top..<min(top + 8, size.rows)
        let columns = left..<min(left + 8, size.pixels)
        let count = Double(rows.count * columns.count)
        for c in 0..<components {
          var (error, sum, squares) = (0.0, 0.0, 0.0)
          for y in rows {
            for x in columns {
              let place = first + y * rowLength + x * components + c
              let difference = Int32(decoded[place]) - Int32(original[place])
              square += difference * difference
              differences[c] += difference
              error += Double(difference)
              sum += Double(original[place])
              squares += Double(original[place]) * Double(original[place])
            }
          }
          shift += weights[c] * (error / count) * (error / count)
          variance += weights[c] * (squares / count - (sum / count) * (sum / count))
        }
        let masking = 2 + 0.25 * variance.squareRoot()
        if count >= 16 { visibility = max(visibility, shift / (masking * masking)) }
      }
    }
    #expect(sums.square == square)
    #expect(sums.differences == differences)
    #expect(abs(Double(sums.visibility) - visibility) <= 1e-4 * visibility)
  }
}

/// What is summed over the samples of a position.
struct PositionSums {
  /// Squared differences.
  private(set) var square: Int32 = 0
  /// For each component differences.
  private(set) var differences = SIMD4<Int32>.zero
  /// Of the worst block, see `DecodedErrors.Found`.
  private(set) var visibility: Float = 0

  /// A side of a block, and the least pixels of one that counts.
  private static let (side, least) = (8, 16)

  /// Sums over `rows` rows of so many pixels each, the first sample being `first`.
  init(
    _ original: UnsafeBufferPointer<UInt8>, _ decoded: UnsafeBufferPointer<UInt8>,
    from first: Int, rows: Int, rowLength: Int, pixels: Int, components: Int
  ) {
    let count = pixels * components
    // By place in a row at first, which compilers turn into vectors.
    withUnsafeTemporaryAllocation(of: Int32.self, capacity: 4 * count) { places in
      for top in stride(from: 0, to: rows, by: Self.side) {
        let blockRows = min(Self.side, rows - top)
        places.initialize(repeating: 0)
        for row in top..<top + blockRows {
          let start = first + row * rowLength
          for k in 0..<count {
            let sample = Int32(original[start + k])
            let difference = Int32(decoded[start + k]) - sample
            places[k] &+= difference
            places[count + k] &+= difference &* difference
            places[2 * count + k] &+= sample
            places[3 * count + k] &+= sample &* sample
          }
        }
        for left in stride(from: 0, to: pixels, by: Self.side) {
          let blockPixels = min(Self.side, pixels - left)
          var sums = (SIMD4<Int32>.zero, SIMD4<Int32>.zero, SIMD4<Int32>.zero)
          for k in left * components..<(left + blockPixels) * components {
            sums.0[k % components] &+= places[k]
            sums.1[k % components] &+= places[2 * count + k]
            sums.2[k % components] &+= places[3 * count + k]
            square &+= places[count + k]
          }
          differences &+= sums.0
          guard blockPixels * blockRows >= Self.least else { continue }
          visibility = max(
            visibility,
            Self.visibility(sums, reciprocal: 1 / Float(blockPixels * blockRows), components))
        }
      }
    }
  }

  /// Of a block with the sums of differences, of the picture's samples and of their squares.
  private static func visibility(
    _ sums: (SIMD4<Int32>, SIMD4<Int32>, SIMD4<Int32>), reciprocal: Float, _ components: Int
  ) -> Float {
    // Luma's, of ITU-R BT.601.
    let weights = components == 1 ? SIMD4<Float>(1, 0, 0, 0) : SIMD4(0.299, 0.587, 0.114, 0)
    let shift = SIMD4<Float>(sums.0) * reciprocal
    let mean = SIMD4<Float>(sums.1) * reciprocal
    let variance = SIMD4<Float>(sums.2) * reciprocal - mean * mean
    let masking = 2 + 0.25 * max(0, (weights * variance).sum()).squareRoot()
    return (weights * shift * shift).sum() / (masking * masking)
  }
}

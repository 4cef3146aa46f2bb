/// A picture of three components that are equal in every pixel, as a source of one.
struct NeutralRows: PictureSource {
  let rows: any PictureSource

  var width: Int { rows.width }
  var height: Int { rows.height }
  var colorType: Picture.ColorType { .grey }
  var metadata: PictureMetadata { rows.metadata }
  var isInMemory: Bool { rows.isInMemory }

  func forEachRows(_ count: Int, _ body: ([UInt8]) throws -> Void) throws {
    try rows.forEachRows(count) { samples in
      try body(stride(from: 0, to: samples.count, by: 3).map { samples[$0] })
    }
  }
}

extension PictureSource {
  /// Whether all pixels have three equal components. Reads no further than the first rows that have not.
  func isNeutral() throws -> Bool {
    guard colorType == .rgb else { return false }
    do {
      try forEachRows(64) { samples in
        var difference: UInt8 = 0
        samples.withUnsafeBufferPointer { samples in
          for k in stride(from: 0, to: samples.count, by: 3) {
            difference |= samples[k] ^ samples[k + 1]
            difference |= samples[k] ^ samples[k + 2]
          }
        }
        if difference != 0 { throw HasColors() }
      }
    } catch is HasColors {
      return false
    }
    return true
  }
}

private struct HasColors: Error {}

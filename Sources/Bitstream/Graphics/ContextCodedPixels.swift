/// The pixels of a unit of graphics as range-coded decisions in contexts of what stands around them.
///
/// In text, on screens and in drawings what stood around a pixel before tells its colour almost always, so it takes a fraction
/// of what copies of strings take (VP8L). A pixel's colour is spelled out otherwise, which may happen to a quarter of them:
/// photographs are coded better and faster in other ways.
package enum ContextCodedPixels {
  /// The first byte of such a unit.
  package static let signature: UInt8 = 1

  /// The most pixels of a unit whose colour is spelled out.
  private static func mostSpelled(_ width: Int, _ height: Int) -> Int { width * height / 4 + 4096 }

  /// A unit of RGB samples; nil when too many colours have to be spelled out. Inverse: `decode`.
  ///
  /// - Parameters:
  ///   - samples: rows of `width` pixels, three equal components each in a grey picture.
  ///   - isGrey: whether green is all that is coded.
  /// - Returns: the unit, and for every position of it, row by row, how many bits its pixels take.
  package static func encode(
    _ samples: [UInt8], width: Int, height: Int, isGrey: Bool
  ) -> (bytes: [UInt8], positionBits: [Int])? {
    precondition(width > 0 && height > 0 && samples.count == width * height * 3)
    var contexts = PixelContexts(
      coder: RangeEncoder(), width: width, height: height, isGrey: isGrey)
    var row = [UInt32](repeating: 0, count: width)
    var positionBits: [Int] = []
    for y in 0..<height {
      for x in 0..<width {
        let place = (y * width + x) * 3
        row[x] =
          UInt32(samples[place]) << 16 | UInt32(samples[place + 1]) << 8
          | UInt32(samples[place + 2])
      }
      row.withUnsafeMutableBufferPointer { contexts.code(row: $0, y) }
      if contexts.spelledCount > mostSpelled(width, y + 1) { return nil }
      if y % Header.stride == Header.stride - 1 || y == height - 1 {
        positionBits += contexts.positionBits
      }
    }
    return ([signature] + contexts.coder.finish(), positionBits)
  }

  /// RGB samples of a unit; nil when it is damaged. Inverse of `encode`.
  package static func decode(
    _ bytes: ArraySlice<UInt8>, width: Int, height: Int, isGrey: Bool
  ) -> [UInt8]? {
    precondition(width > 0 && height > 0)
    guard bytes.first == signature, bytes.count == 1 || bytes.last != 0 else { return nil }
    var contexts = PixelContexts(
      coder: RangeDecoder(bytes.dropFirst()), width: width, height: height, isGrey: isGrey)
    var row = [UInt32](repeating: 0, count: width)
    var samples: [UInt8] = []
    samples.reserveCapacity(width * height * 3)
    for y in 0..<height {
      row.withUnsafeMutableBufferPointer { contexts.code(row: $0, y) }
      if contexts.spelledCount > mostSpelled(width, height) { return nil }
      for colour in row {
        samples.append(UInt8(truncatingIfNeeded: colour >> 16))
        samples.append(UInt8(truncatingIfNeeded: colour >> 8))
        samples.append(UInt8(truncatingIfNeeded: colour))
      }
    }
    return contexts.coder.hasReadAll ? samples : nil
  }
}

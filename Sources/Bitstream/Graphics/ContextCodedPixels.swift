/// The pixels of a unit of graphics, coded losslessly by context mixing (`PixelModel`).
///
/// In text, on screens and in drawings a pixel's neighbours predict its colour almost always, so it takes a fraction of what LZ77
/// takes (VP8L). At most a quarter of the pixels may be escapes: photographs are coded better and faster by VP8L.
package enum ContextCodedPixels {
  /// The first byte of such a unit.
  package static let signature: UInt8 = 1

  /// The most escapes of a unit.
  private static func mostEscapes(_ width: Int, _ height: Int) -> Int { width * height / 4 + 4096 }

  /// A unit of RGB samples; nil when it has too many escapes. Inverse: `decode`.
  ///
  /// - Parameters:
  ///   - samples: rows of `width` pixels, three equal components each in a grey picture.
  ///   - isGrey: whether green is all that is coded.
  /// - Returns: the unit, and for every position of it, row by row, how many bits its pixels take.
  package static func encode(
    _ samples: [UInt8], width: Int, height: Int, isGrey: Bool
  ) -> (bytes: [UInt8], positionBits: [Int])? {
    precondition(width > 0 && height > 0 && samples.count == width * height * 3)
    var model = PixelModel(
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
      row.withUnsafeMutableBufferPointer { model.code(row: $0, y) }
      if model.escapeCount > mostEscapes(width, y + 1) { return nil }
      if y % Header.stride == Header.stride - 1 || y == height - 1 {
        positionBits += model.positionBits
      }
    }
    return ([signature] + model.coder.finish(), positionBits)
  }

  /// RGB samples of a unit; nil when it is damaged. Inverse of `encode`.
  package static func decode(
    _ bytes: ArraySlice<UInt8>, width: Int, height: Int, isGrey: Bool
  ) -> [UInt8]? {
    precondition(width > 0 && height > 0)
    guard bytes.first == signature, bytes.count == 1 || bytes.last != 0 else { return nil }
    var model = PixelModel(
      coder: RangeDecoder(bytes.dropFirst()), width: width, height: height, isGrey: isGrey)
    var row = [UInt32](repeating: 0, count: width)
    var samples: [UInt8] = []
    samples.reserveCapacity(width * height * 3)
    for y in 0..<height {
      row.withUnsafeMutableBufferPointer { model.code(row: $0, y) }
      if model.escapeCount > mostEscapes(width, height) { return nil }
      for colour in row {
        samples.append(UInt8(truncatingIfNeeded: colour >> 16))
        samples.append(UInt8(truncatingIfNeeded: colour >> 8))
        samples.append(UInt8(truncatingIfNeeded: colour))
      }
    }
    return model.coder.hasReadAll ? samples : nil
  }
}

package import GQCodec

extension PSNR {
  /// The ratio of the luma alone, Y = 0.299 R + 0.587 G + 0.114 B unrounded (ITU-R BT.601, as in JPEG); infinite
  /// when it is equal everywhere. Of grey pictures it is ``decibels(_:_:)``.
  package static func lumaDecibels(
    _ first: Picture, _ second: Picture
  ) throws(MetricError) -> Double {
    try MetricError.check(first, second)
    guard first.colorType == .rgb else { return try decibels(first, second) }
    let count = first.samples.count / 3
    return decibels(
      meanSquaredError: lumaErrorSum(first.samples, second.samples) / Double(count))
  }

  /// The sum of squared luma differences of interleaved RGB samples.
  private static func lumaErrorSum(_ first: [UInt8], _ second: [UInt8]) -> Double {
    first.withUnsafeBufferPointer { first in
      second.withUnsafeBufferPointer { second in
        // Thousandths, squared: at most 6.5e10 a pixel, so 10^8 pixels fit 63 bits.
        var sum: UInt64 = 0
        for i in stride(from: 0, to: first.count - 2, by: 3) {
          let red = Int64(first[i]) &- Int64(second[i])
          let green = Int64(first[i + 1]) &- Int64(second[i + 1])
          let blue = Int64(first[i + 2]) &- Int64(second[i + 2])
          let luma = 299 &* red &+ 587 &* green &+ 114 &* blue
          sum &+= UInt64(bitPattern: luma &* luma)
        }
        return Double(sum) * 1e-6
      }
    }
  }
}

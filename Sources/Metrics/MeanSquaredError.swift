package import GQCodec

/// The mean of the squared differences over all samples of all components.
package func meanSquaredError(
  _ first: Picture, _ second: Picture
) throws(MetricError) -> Double {
  try MetricError.check(first, second)
  return Double(squaredErrorSum(first.samples, second.samples)) / Double(first.samples.count)
}

/// The sum of squared differences of two arrays of one length. Exact.
func squaredErrorSum(_ first: [UInt8], _ second: [UInt8]) -> UInt64 {
  precondition(first.count == second.count)
  // 65025 at most each: a part of 2^15 samples fits 32 bits, which adds twice as fast.
  let part = 1 << 15
  return first.withUnsafeBufferPointer { first in
    second.withUnsafeBufferPointer { second in
      var total: UInt64 = 0
      var start = 0
      while start < first.count {
        let end = min(start + part, first.count)
        var sum: UInt32 = 0
        for i in start..<end {
          let difference = Int32(first[i]) &- Int32(second[i])
          sum &+= UInt32(bitPattern: difference &* difference)
        }
        total += UInt64(sum)
        start = end
      }
      return total
    }
  }
}

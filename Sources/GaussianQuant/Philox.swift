/// Philox4x32-10, a counter-based random number generator.
///
/// A counter of four words and a key of two give four random words; there is no state, so any
/// part of a random sequence can be had without the parts before it. The algorithm is that of
/// Salmon, Moraes, Dror and Shaw, *Parallel random numbers: as easy as 1, 2, 3*, SC 2011.
public enum Philox {
  /// Four 32-bit words: a counter, or the random words it gives.
  public typealias Block = (UInt32, UInt32, UInt32, UInt32)
  /// Two 32-bit words that choose one of 2^64 independent sequences.
  public typealias Key = (UInt32, UInt32)

  /// The four random words that belong to a counter and a key.
  @inlinable
  public static func block(counter: Block, key: Key) -> Block {
    var (x0, x1, x2, x3) = counter
    var (key0, key1) = key
    for _ in 0..<10 {
      let product0 = UInt64(x0) &* 0xD251_1F53
      let product1 = UInt64(x2) &* 0xCD9E_8D57
      x0 = UInt32(truncatingIfNeeded: product1 >> 32) ^ x1 ^ key0
      x1 = UInt32(truncatingIfNeeded: product1)
      x2 = UInt32(truncatingIfNeeded: product0 >> 32) ^ x3 ^ key1
      x3 = UInt32(truncatingIfNeeded: product0)
      key0 = key0 &+ 0x9E37_79B9
      key1 = key1 &+ 0xBB67_AE85
    }
    return (x0, x1, x2, x3)
  }
}

/// What becomes of damaged tiles.
public struct RecoveryOptions: Sendable, Equatable {
  /// Whether bits are used although their checksum does not match.
  ///
  /// A wrong bit spoils a handful of coefficients and never the place of another one, so a tile with single wrong
  /// bits is better decoded than concealed; one that lost bytes, or has other bytes in their place, is not.
  public var usesDamagedBits: Bool

  /// Options; by default damaged tiles are concealed.
  public init(usesDamagedBits: Bool = false) {
    self.usesDamagedBits = usesDamagedBits
  }
}

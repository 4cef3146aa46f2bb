/// What becomes of damaged tiles.
package struct RecoveryOptions: Sendable, Equatable {
  /// Whether bits are used although their checksum does not match.
  ///
  /// A wrong bit spoils a handful of coefficients and never the place of another one, so a tile with single wrong
  /// bits is better decoded than concealed; one that lost bytes, or has other bytes in their place, is not.
  package var usesDamagedBits: Bool

  /// Options; by default damaged tiles are concealed.
  package init(usesDamagedBits: Bool = false) {
    self.usesDamagedBits = usesDamagedBits
  }
}

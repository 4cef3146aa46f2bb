import GaussianQuant

/// A tile's path through a trellis, as far as it has come.
package struct TilePath: Sendable, Equatable {
  /// The state before the first step; nil before the encoder has chosen it.
  package var start: UInt32?
  /// The state after the last step.
  package var state: UInt32

  /// A path that begins in a state, or in one that is to be chosen.
  package init(start: UInt32? = nil) {
    self.start = start
    state = start ?? 0
  }

  /// Takes a step and returns what it emits.
  @inline(__always)
  mutating func advance(_ trellis: Trellis, bits: UInt32, count: Int) -> Float {
    state = trellis.state(after: state, bits: bits, count: count)
    return trellis.value(of: state, bits: bits, count: count)
  }
}

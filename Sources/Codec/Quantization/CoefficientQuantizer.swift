package import Bitstream
import GaussianQuant
package import Model

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
}

/// Turns coefficients into codes of fixed width and back.
///
/// Positions are coded phase by phase; within a phase each tile on its own.
package protocol CoefficientQuantizer: Sendable {
  /// For each level the widths in bits of the codes that a position sends, in their order.
  var codeWidths: [[Int]] { get }

  /// The groups of coefficients whose divergence shall be their bits, for positions as in `quantize`.
  func groups(levels: [UInt8], tiles: [[Int]]) -> [DivergenceGroup]

  /// The best codes for the positions of a phase. Inverse: `decode`.
  ///
  /// - Parameters:
  ///   - posterior: of the n positions, of which each belongs to one tile.
  ///   - tiles: for each tile the positions of the phase in it, as numbers below n, in the order of their codes.
  ///   - paths: one per tile; what decoding a later phase depends on.
  /// - Returns: codeword values [n, width], zeros where nothing is sent, and the codes of each position.
  func quantize(
    _ posterior: Posterior, tiles: [[Int]], paths: inout [TilePath]
  ) -> (values: [Float], codes: [[UInt32]])

  /// Codeword values [n, width] from the codes of n positions. Inverse of `quantize`.
  func decode(
    _ codes: [[UInt32]], levels: [UInt8], tiles: [[Int]], paths: inout [TilePath]
  ) -> [Float]
}

/// The quantizers by their names on the command line.
public enum QuantizerChoice: String, Sendable, CaseIterable {
  /// Paths through a trellis of noise: nearer to the ideal, and quicker.
  case trellis
  /// Codebooks of independent codewords of at most 16 bits, as published.
  case block
}

extension QuantizerChoice {
  /// Bits of a block's index at most.
  private static let indexBits = 16

  /// What a header says of a file made with this quantizer: more effort searches a trellis of more states. There are
  /// never fewer than the model's steps need.
  func headerValue(_ c: ModelConfiguration, effort: Int) -> Header.Quantizer {
    switch self {
    case .trellis:
      let least = (c.levels.joined().map { $0[0] }.max() ?? 0) + 4
      let wanted = c.stateBits + [-1, -1, -1, 0, 1, 1, 2, 2, 4][effort - 1]
      return .trellis(stateBits: min(max(wanted, least), Trellis.stateBitCounts.upperBound))
    case .block:
      return .block(indexBits: Self.indexBits)
    }
  }
}

/// The quantizer that a header asks for.
///
/// - Throws: `CodecError.incompatible` when it cannot carry the model's levels.
package func makeQuantizer(
  _ choice: Header.Quantizer, seed: UInt64, table: LevelTable, pool: WorkerPool
) throws -> any CoefficientQuantizer {
  switch choice {
  case .trellis(let stateBits):
    let trellis = try Trellis(stateBitCount: stateBits, seed: seed)
    let most = table.levels.joined().map(\.bits).max() ?? 0
    guard most <= trellis.stepBits.upperBound else {
      throw CodecError.incompatible(
        what: "number of state bits", expected: "at least \(most + 4)", found: "\(stateBits)")
    }
    return TrellisQuantizer(trellis: trellis, table: table, pool: pool)
  case .block(let indexBits):
    let most = table.levels.joined().map(\.bits).max() ?? 0
    guard most <= indexBits else {
      throw CodecError.incompatible(
        what: "number of index bits", expected: "at least \(most)", found: "\(indexBits)")
    }
    return BlockQuantizer(indexBits: indexBits, seed: seed, table: table, pool: pool)
  }
}

/// In which order the codes of a picture stand in its file.
package enum CodeOrder: Sendable, CaseIterable {
  /// Tile after tile, one checksum each: chunk `I`.
  case tiles
  /// The first phase of all tiles, then their second, third and fourth, one checksum for each phase of a tile, so
  /// that a file that was cut short still has something of every place: chunk `P`.
  case phases

  /// The type of the chunk that holds the codes.
  var chunkType: UInt8 { self == .tiles ? Chunk.indices : Chunk.phasedIndices }

  init?(chunkType: UInt8) {
    guard let order = Self.allCases.first(where: { $0.chunkType == chunkType }) else { return nil }
    self = order
  }

  /// The phases that stand together, in the file's order.
  var phaseGroups: [[CodingPhase]] {
    self == .tiles ? [CodingPhase.allCases] : CodingPhase.allCases.map { [$0] }
  }
}

package import GQBitstream

/// A picture from a file that may be damaged, and what was wrong.
package struct Recovery: Sendable {
  /// The picture; damaged tiles are concealed.
  package let picture: Picture
  /// Damaged parts, in the order of the file.
  package let damage: [Damage]
  /// What was wrong beside the codes. Chunks with metadata or alpha that were damaged are left out.
  package let problems: [BitstreamError]
  /// Share of the picture's positions whose pixels are certainly those of the undamaged file.
  package let untouchedShare: Double

  /// Whether nothing was wrong.
  package var isIntact: Bool { damage.isEmpty && problems.isEmpty }

  /// A tile, or some phases of one, that could not be read.
  package struct Damage: Sendable, Equatable {
    /// The leftmost column of pixels.
    package let x: Int
    /// The uppermost row of pixels.
    package let y: Int
    /// Pixels in a row.
    package let width: Int
    /// Rows of pixels.
    package let height: Int
    /// What is damaged of it: numbers from 1, all four in a file whose tiles have one checksum each.
    package let phases: [Int]
    /// Why.
    package let reason: BitstreamError

    init(_ segment: TileLayout.Segment, _ file: FileStructure, _ reason: BitstreamError) {
      let tile = file.layout.tiles[segment.tile]
      x = tile.columns.lowerBound * Header.stride
      y = tile.rows.lowerBound * Header.stride
      width = min(tile.columns.upperBound * Header.stride, file.header.width) - x
      height = min(tile.rows.upperBound * Header.stride, file.header.height) - y
      phases = segment.phases.map { $0.rawValue + 1 }
      self.reason = reason
    }
  }
}

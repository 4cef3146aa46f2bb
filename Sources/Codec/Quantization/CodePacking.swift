import Bitstream

/// Packs the codes of positions into the tiles of a file and back.
struct CodePacking {
  /// Where the tiles are.
  let layout: TileLayout
  /// Columns of the latent grid.
  let columns: Int
  /// The level of every position.
  let levels: [UInt8]
  /// For each level the widths in bits of its codes.
  let codeWidths: [[Int]]

  /// The tiles' bytes from the codes of every position. Inverse: `unpack`.
  func pack(_ codes: [[UInt32]]) -> [[UInt8]] {
    layout.tiles.map { tile in
      var writer = BitWriter()
      for position in positions(tile) {
        for (code, width) in zip(codes[position], codeWidths[Int(levels[position])]) {
          writer.write(code, count: width)
        }
      }
      return writer.finish()
    }
  }

  /// The codes of every position from the tiles' bytes. Inverse of `pack`.
  ///
  /// - Throws: `BitstreamError.truncated`, for tiles of another layout.
  func unpack(_ tiles: [[UInt8]]) throws(BitstreamError) -> [[UInt32]] {
    var codes = [[UInt32]](repeating: [], count: levels.count)
    for (tile, bytes) in zip(layout.tiles, tiles) {
      var reader = BitReader(bytes[...])
      for position in positions(tile) {
        let widths = codeWidths[Int(levels[position])]
        codes[position].reserveCapacity(widths.count)
        for width in widths { codes[position].append(try reader.read(count: width)) }
      }
    }
    return codes
  }

  /// For each tile the places of its positions among the positions of a phase of the whole grid.
  func tiles(of phase: CodingPhase, positions: [Int]) -> [[Int]] {
    var place = [Int](repeating: -1, count: levels.count)
    for (k, position) in positions.enumerated() { place[position] = k }
    return layout.tiles.map { tile in
      tile.positions(of: phase, gridColumns: columns).map { place[$0] }
    }
  }

  private func positions(_ tile: TileLayout.Tile) -> [Int] {
    CodingPhase.allCases.flatMap { tile.positions(of: $0, gridColumns: columns) }
  }
}

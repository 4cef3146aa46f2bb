import Bitstream

/// Packs the codes of positions into the segments of a file and back.
struct CodePacking {
  /// Where tiles and segments are.
  let layout: TileLayout
  /// Columns of the latent grid.
  let columns: Int
  /// The level of every position.
  let levels: [UInt8]
  /// For each level the widths in bits of its codes.
  let codeWidths: [[Int]]

  /// The segments' bytes from the codes of every position. Inverse: `unpack`.
  func pack(_ codes: [[UInt32]]) -> [[UInt8]] {
    layout.segments.map { segment in
      var writer = BitWriter()
      for position in layout.positions(of: segment, gridColumns: columns) {
        for (code, width) in zip(codes[position], codeWidths[Int(levels[position])]) {
          writer.write(code, count: width)
        }
      }
      return writer.finish()
    }
  }

  /// The codes of every position from the segments' bytes, zeros for a segment that is nil. Inverse of `pack`.
  ///
  /// - Throws: `BitstreamError.truncated`, for segments of another layout.
  func unpack(_ segments: [[UInt8]?]) throws(BitstreamError) -> [[UInt32]] {
    var codes = [[UInt32]](repeating: [], count: levels.count)
    for (segment, bytes) in zip(layout.segments, segments) {
      var reader = BitReader((bytes ?? [])[...])
      for position in layout.positions(of: segment, gridColumns: columns) {
        let widths = codeWidths[Int(levels[position])]
        if bytes == nil {
          codes[position] = Array(repeating: 0, count: widths.count)
          continue
        }
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
}

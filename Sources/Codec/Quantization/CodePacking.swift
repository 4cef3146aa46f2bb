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
    layout.segments.map { segment in pack(segment) { codes[$0] } }
  }

  /// The bytes of one segment from the codes of its positions.
  func pack(_ segment: TileLayout.Segment, _ codes: (Int) -> [UInt32]) -> [UInt8] {
    var writer = BitWriter()
    for position in layout.positions(of: segment, gridColumns: columns) {
      for (code, width) in zip(codes(position), codeWidths[Int(levels[position])]) {
        writer.write(code, count: width)
      }
    }
    return writer.finish()
  }

  /// The codes of every position from the segments' bytes, zeros for a segment that is nil. Inverse of `pack`.
  ///
  /// - Throws: `BitstreamError.truncated`, for segments of another layout.
  func unpack(_ segments: [[UInt8]?]) throws(BitstreamError) -> [[UInt32]] {
    var codes = [[UInt32]](repeating: [], count: levels.count)
    for (segment, bytes) in zip(layout.segments, segments) {
      try unpack(segment, bytes) { codes[$0] = $1 }
    }
    return codes
  }

  /// The codes of one segment's positions from its bytes, zeros for nil.
  func unpack(
    _ segment: TileLayout.Segment, _ bytes: [UInt8]?, _ store: (Int, [UInt32]) -> Void
  ) throws(BitstreamError) {
    var reader = bytes.map { BitReader($0[...]) }
    for position in layout.positions(of: segment, gridColumns: columns) {
      store(position, try codes(of: position, &reader))
    }
  }

  /// The codes of a position, which come next; zeros for nil.
  func codes(of position: Int, _ reader: inout BitReader?) throws(BitstreamError) -> [UInt32] {
    let widths = codeWidths[Int(levels[position])]
    var codes = [UInt32](repeating: 0, count: widths.count)
    for (k, width) in widths.enumerated() {
      if let code = try reader?.read(count: width) { codes[k] = code }
    }
    return codes
  }

  /// For each of some tiles the places of its positions among positions of a phase.
  func tiles(_ tiles: Range<Int>, of phase: CodingPhase, positions: [Int]) -> [[Int]] {
    guard let first = positions.min(), let last = positions.max() else {
      return Array(repeating: [], count: tiles.count)
    }
    var place = [Int](repeating: -1, count: last - first + 1)
    for (k, position) in positions.enumerated() { place[position - first] = k }
    return tiles.map { tile in
      layout.tiles[tile].positions(of: phase, gridColumns: columns).map { place[$0 - first] }
    }
  }
}

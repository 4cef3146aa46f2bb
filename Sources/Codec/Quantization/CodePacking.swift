import GQBitstream
import GQModel

/// Packs the codes of positions into the segments of a file and back.
struct CodePacking {
  /// Where tiles and segments are.
  let layout: TileLayout
  /// Columns of the latent grid.
  let columns: Int
  /// The level of every position.
  let levels: [UInt8]
  /// The widths in bits of codes.
  let codes: CodeTable

  /// The segments' bytes from their paths' starts and the codes of every position. Inverse: `unpack`.
  func pack(_ codes: [[UInt32]], starts: [UInt32]) -> [[UInt8]] {
    zip(layout.segments, starts).map { segment, start in pack(segment, start: start) { codes[$0] } }
  }

  /// The bytes of one segment from its path's start and the codes of its positions.
  func pack(
    _ segment: TileLayout.Segment, start: UInt32, _ codes: (Int) -> [UInt32]
  ) -> [UInt8] {
    guard segment.bitCount > 0 else { return [] }
    var writer = BitWriter()
    writer.write(start, count: TileLayout.startBits)
    for position in layout.positions(of: segment, gridColumns: columns) {
      for (code, width) in zip(codes(position), widths(of: position)) {
        writer.write(code, count: width)
      }
    }
    return writer.finish()
  }

  /// The codes of every position and the segments' starts from the segments' bytes. Inverse of `pack`.
  ///
  /// - Throws: `BitstreamError.truncated`, for segments of another layout.
  func unpack(
    _ segments: [[UInt8]]
  ) throws(BitstreamError) -> (codes: [[UInt32]], starts: [UInt32]) {
    var codes = [[UInt32]](repeating: [], count: levels.count)
    var starts: [UInt32] = []
    for (segment, bytes) in zip(layout.segments, segments) {
      var (reader, start) = try open(segment, bytes)
      starts.append(start)
      for position in layout.positions(of: segment, gridColumns: columns) {
        codes[position] = try self.codes(of: position, &reader)
      }
    }
    return (codes, starts)
  }

  /// A reader of a segment's codes, and the start of its path; nil and 0 for bytes that are lost or have no codes.
  func open(
    _ segment: TileLayout.Segment, _ bytes: [UInt8]?
  ) throws(BitstreamError) -> (BitReader?, start: UInt32) {
    guard let bytes, segment.bitCount > 0 else { return (nil, 0) }
    var reader = BitReader(bytes[...])
    let start = try reader.read(count: TileLayout.startBits)
    return (reader, start)
  }

  /// The codes of a position, which come next; zeros for nil.
  func codes(of position: Int, _ reader: inout BitReader?) throws(BitstreamError) -> [UInt32] {
    let widths = widths(of: position)
    var codes = [UInt32](repeating: 0, count: widths.count)
    for (k, width) in widths.enumerated() {
      if let code = try reader?.read(count: width) { codes[k] = code }
    }
    return codes
  }

  private func widths(of position: Int) -> [Int] {
    codes.widths(levels[position], CodingPhase(position: position, columns: columns))
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

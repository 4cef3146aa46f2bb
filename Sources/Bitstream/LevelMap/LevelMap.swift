/// The level of every latent position, row by row.
package struct LevelMap: Sendable, Equatable {
  /// Positions from left to right.
  package let columns: Int
  /// Positions from top to bottom.
  package let rows: Int
  /// `rows * columns` levels.
  package let levels: [UInt8]

  /// A map; a wrong number of levels stops the program.
  package init(columns: Int, rows: Int, levels: [UInt8]) {
    precondition(columns > 0 && rows > 0 && levels.count == columns * rows)
    self.columns = columns
    self.rows = rows
    self.levels = levels
  }

  /// The coded form. Inverse: `init(decoding:columns:rows:rateTable:)`.
  package func encoded(with rateTable: RateTable) -> [UInt8] {
    precondition(levels.allSatisfy { $0 < rateTable.levelCount })
    var coder = RangeEncoder()
    var contexts = LevelContexts(rateTable, columns: columns)
    for level in levels { _ = contexts.code(Int(level), &coder) }
    return coder.finish()
  }

  /// Decodes a map. Inverse of `encoded`.
  ///
  /// - Throws: `BitstreamError.invalidValue` when bytes are left over.
  init(
    decoding bytes: ArraySlice<UInt8>, columns: Int, rows: Int, rateTable: RateTable
  ) throws(BitstreamError) {
    var coder = RangeDecoder(bytes)
    var contexts = LevelContexts(rateTable, columns: columns)
    var levels: [UInt8] = []
    levels.reserveCapacity(columns * rows)
    for _ in 0..<columns * rows { levels.append(UInt8(contexts.code(0, &coder))) }
    guard coder.hasReadAll, bytes.last != 0 else {
      throw .invalidValue(
        what: "level map", offset: bytes.startIndex, found: "\(bytes.count) bytes",
        expected: "fewer, without unused ones at the end")
    }
    self.init(columns: columns, rows: rows, levels: levels)
  }
}

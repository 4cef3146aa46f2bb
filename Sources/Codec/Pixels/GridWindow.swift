import GQBitstream
import GQModel

/// A part of the latent grid.
struct GridWindow: Equatable, Sendable {
  let rows: Range<Int>
  let columns: Range<Int>

  init(rows: Range<Int>, columns: Range<Int>) {
    self.rows = rows
    self.columns = columns
  }

  /// All of a grid.
  init(_ grid: LatentGrid) {
    self.init(rows: 0..<grid.rows, columns: 0..<grid.columns)
  }

  /// What must be decoded of a grid to know the pixels of a region: everything that predictions and convolutions look
  /// at. It begins at an even row and column, so that phases are those of the whole grid.
  init(for region: PixelRegion, in grid: LatentGrid, _ c: ModelConfiguration) {
    // Predictions of all phases look around, those of the first at levels alone.
    let reach =
      CodingPhase.allCases.count * c.priorBlocks + DamageReach.decoderPositions(c)
    func around(_ first: Int, _ count: Int, _ limit: Int) -> Range<Int> {
      let stride = Network.stride
      let start = max(0, first / stride - reach) / 2 * 2
      return start..<min(limit, (first + count + stride - 1) / stride + reach)
    }
    self.init(
      rows: around(region.y, region.height, grid.rows),
      columns: around(region.x, region.width, grid.columns))
  }

  /// Numbers of the segments of all tiles that have positions in the window.
  func segments(of layout: TileLayout) -> [Int] {
    layout.tiles.indices.filter {
      layout.tiles[$0].rows.overlaps(rows) && layout.tiles[$0].columns.overlaps(columns)
    }.flatMap { layout.segments(ofTile: $0) }
  }

  /// The values of the window's positions among those of all, row-major.
  func cropped<Value>(_ values: [Value], gridColumns: Int) -> [Value] {
    if columns == 0..<gridColumns {
      return Array(values[rows.lowerBound * gridColumns..<rows.upperBound * gridColumns])
    }
    return rows.flatMap { row in
      values[row * gridColumns + columns.lowerBound..<row * gridColumns + columns.upperBound]
    }
  }
}

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

  /// What must be computed of a grid to know the pixels of a region: everything that predictions and convolutions look
  /// at. It begins at an even row and column, so that phases are those of the whole grid.
  init(for region: PixelRegion, in grid: LatentGrid, _ c: ModelConfiguration) {
    // Predictions of all phases look around, those of the first at levels alone.
    let reach =
      CodingPhase.allCases.count * c.priorBlocks + DamageReach.decoderPositions(c)
    let near = GridWindow(around: region, in: grid, reach: reach)
    rows = near.rows.lowerBound / 2 * 2..<near.rows.upperBound
    columns = near.columns.lowerBound / 2 * 2..<near.columns.upperBound
  }

  /// The same in the terms of the bitstream.
  var rectangle: GridRectangle { GridRectangle(rows: rows, columns: columns) }

  /// The positions of a region's pixels, and `reach` more on each side.
  private init(around region: PixelRegion, in grid: LatentGrid, reach: Int) {
    func around(_ first: Int, _ count: Int, _ limit: Int) -> Range<Int> {
      let stride = Network.stride
      return max(
        0, first / stride - reach)..<min(
          limit, (first + count + stride - 1) / stride + reach)
    }
    rows = around(region.y, region.height, grid.rows)
    columns = around(region.x, region.width, grid.columns)
  }

  /// Numbers of the segments whose bits the pixels of a region depend on, rising. Those of the last phase only the decoder
  /// looks at; those of one before, predictions of every later phase too.
  static func segments(
    for region: PixelRegion, of layout: TileLayout, in grid: LatentGrid, _ c: ModelConfiguration
  ) -> [Int] {
    var needed = [Bool](repeating: false, count: layout.segments.count)
    for phase in CodingPhase.allCases {
      let later = CodingPhase.allCases.count - 1 - phase.rawValue
      let window = GridWindow(
        around: region, in: grid, reach: later * c.priorBlocks + DamageReach.decoderPositions(c))
      for (number, tile) in layout.tiles.enumerated()
      where tile.rows.overlaps(window.rows) && tile.columns.overlaps(window.columns) {
        for segment in layout.segments(of: number..<number + 1, phase) { needed[segment] = true }
      }
    }
    return needed.indices.filter { needed[$0] }
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

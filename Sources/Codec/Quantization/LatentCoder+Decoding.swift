import GQBitstream
import GaussianQuant
import GQModel

extension LatentCoder {
  /// The decoder's input from the segments of a file, row by row from above to below. Inverse: `Encoding`.
  ///
  /// Lost coefficients are zero, so that latents are what the prior expects; in the first phase, in which it knows
  /// nothing of the picture, latents are drawn from intact positions around.
  struct Decoding {
    private let coder: LatentCoder
    private let window: GridWindow
    private let lost: [Bool]
    private let hasLost: Bool
    private var schedule: WavefrontSchedule
    private let values: TileValues

    /// - Parameters:
    ///   - segments: of the file, nil for those that are lost. Only those of tiles in `window` are looked at.
    ///   - window: the part of the grid to decode; nil for all of it. Latents are those of the whole grid as far as the
    ///     window holds what they depend on.
    ///   - conceals: whether nil stands for lost segments.
    ///   - bandPositions: about as many positions are worked on at a time.
    init(
      _ coder: LatentCoder, _ segments: [[UInt8]?], window: GridWindow? = nil, conceals: Bool,
      bandPositions: Int = LatentCoder.bandPositions
    ) throws(BitstreamError) {
      self.coder = coder
      let window = window ?? GridWindow(coder.grid)
      self.window = window
      lost = conceals ? coder.lostPositions(segments) : []
      hasLost = lost.contains(true)
      precondition(!hasLost || window == GridWindow(coder.grid))
      let columns = window.columns.count
      schedule = WavefrontSchedule(
        network: coder.network, rows: window.rows.count, columns: columns,
        levels: window.cropped(coder.levels, gridColumns: coder.grid.columns),
        // What is lost is made up from all of a phase at once.
        bandRows: hasLost ? nil : coder.bandRows(positions: bandPositions, columns: columns),
        isGrey: coder.isGrey)
      values = try TileValues(coder, segments, window.columns)
    }

    /// The next rows of latents, [rows, columns of the window, latents]; nil after the last.
    mutating func next() throws(BitstreamError) -> Tensor? {
      let (coder, window, lost, hasLost, values) = (coder, window, lost, hasLost, values)
      let (width, columns) = (coder.network.levels.width, window.columns.count)
      // Of the phase whose groups are being decoded.
      var chosen: [Float] = []
      while !schedule.isFinished {
        let latents = try schedule.advance(
          correct: { prediction, latents in
            guard hasLost, prediction.phase == .first else { return }
            Concealment(grid: coder.grid, lost: lost).fill(&latents, prediction.positions)
          }
        ) { (prediction) throws(BitstreamError) -> [Float] in
          if prediction.group > 0 { return coder.dequantized(chosen, prediction) }
          chosen = []
          chosen.reserveCapacity(prediction.positions.count * width)
          for place in prediction.positions {
            let (row, column) = place.quotientAndRemainder(dividingBy: columns)
            try values.append(
              row: window.rows.lowerBound + row, column: window.columns.lowerBound + column,
              prediction.phase, to: &chosen)
          }
          if let last = prediction.positions.last {
            // The rows that come next have the other parity.
            values.drop(prediction.phase, before: window.rows.lowerBound + last / columns + 2)
          }
          if hasLost {
            for (k, position) in prediction.positions.enumerated() where lost[position] {
              for c in 0..<width { chosen[k * width + c] = 0 }
            }
          }
          return coder.dequantized(chosen, prediction)
        }
        if let latents { return latents }
      }
      return nil
    }
  }

  /// For every position whether its codes are lost; where nothing is sent nothing can be, but the levels themselves.
  private func lostPositions(_ segments: [[UInt8]?]) -> [Bool] {
    var lost = [Bool](repeating: false, count: grid.positionCount)
    for (segment, bytes) in zip(packing.layout.segments, segments) where bytes == nil {
      for position in packing.layout.positions(of: segment, gridColumns: packing.columns) {
        lost[position] = segment.bitCount == 0 || network.levels.bits[Int(levels[position])] > 0
      }
    }
    return lost
  }
}

/// The codeword values of tiles, a phase of a row of tiles at a time.
private final class TileValues {
  private struct Part: Hashable {
    let tileRow: Int
    let phase: CodingPhase
  }

  private let coder: LatentCoder
  /// Columns of positions that are asked for.
  private let columns: Range<Int>
  /// For each segment its bits that have not been read.
  private var readers: [BitReader?]
  /// The path of each segment.
  private var paths: [TilePath]
  private var buffered: [Part: Values] = [:]

  /// The values [n, width] of a phase of a row of tiles.
  private struct Values {
    let values: [Float]
    /// The first position that has a place, and of those from it on their places in `values`, -1 for those of other phases.
    let first: Int
    let places: [Int32]
  }

  init(
    _ coder: LatentCoder, _ segments: [[UInt8]?], _ columns: Range<Int>
  ) throws(BitstreamError) {
    self.coder = coder
    self.columns = columns
    readers = []
    paths = []
    for (segment, bytes) in zip(coder.packing.layout.segments, segments) {
      let (reader, start) = try coder.packing.open(segment, bytes)
      readers.append(reader)
      paths.append(TilePath(start: start))
    }
  }

  /// Adds the values [width] of a position. Phases of a tile must be asked for in their order.
  func append(
    row: Int, column: Int, _ phase: CodingPhase, to values: inout [Float]
  ) throws(BitstreamError) {
    let part = Part(tileRow: row / coder.packing.layout.tileRows, phase: phase)
    if buffered[part] == nil { buffered[part] = try decoded(part) }
    guard let found = buffered[part] else { return }
    let width = coder.network.levels.width
    let first = Int(found.places[row * coder.grid.columns + column - found.first]) * width
    values += found.values[first..<first + width]
  }

  /// Forgets a phase of rows of tiles that end above a row.
  func drop(_ phase: CodingPhase, before row: Int) {
    let side = coder.packing.layout.tileRows
    buffered = buffered.filter { $0.key.phase != phase || ($0.key.tileRow + 1) * side > row }
  }

  /// Reads a phase of a row of tiles.
  private func decoded(_ part: Part) throws(BitstreamError) -> Values {
    let layout = coder.packing.layout
    let gridColumns = coder.grid.columns
    let tiles = layout.tiles(row: part.tileRow, columns: columns)
    var positions: [Int] = []
    var codes: [[UInt32]] = []
    let segments = layout.segments(of: tiles, part.phase)
    for (tile, segment) in zip(tiles, segments) {
      let members = layout.tiles[tile].positions(of: part.phase, gridColumns: gridColumns)
      positions += members
      for position in members {
        codes.append(try coder.packing.codes(of: position, &readers[segment]))
      }
    }
    var own = Array(paths[segments])
    let values = coder.quantizer.decode(
      codes, levels: positions.map { coder.levels[$0] }, part.phase,
      tiles: coder.packing.tiles(tiles, of: part.phase, positions: positions), paths: &own)
    paths.replaceSubrange(segments, with: own)

    let first = positions.min() ?? 0
    var places = [Int32](repeating: -1, count: (positions.max() ?? 0) - first + 1)
    for (k, position) in positions.enumerated() { places[position - first] = Int32(k) }
    return Values(values: values, first: first, places: places)
  }
}

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
        outside: coder.outside?.cropped(rows: window.rows, columns: window.columns),
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
          chosen = try values.values(of: prediction, window)
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

  /// The values [n, width] of a prediction's positions, given in a window. Phases of a tile must be asked for in their order.
  func values(
    of prediction: PhasePrediction, _ window: GridWindow
  ) throws(BitstreamError) -> [Float] {
    let (positions, width) = (prediction.positions, coder.network.levels.width)
    // For each row of tiles its values, and the places among them of positions that follow one another.
    var runs: [(found: Values, places: [Int], first: Int)] = []
    var tileRow = -1
    for (k, position) in positions.enumerated() {
      var (row, column) = position.quotientAndRemainder(dividingBy: window.columns.count)
      row += window.rows.lowerBound
      column += window.columns.lowerBound
      if row / coder.packing.layout.tileRows != tileRow {
        tileRow = row / coder.packing.layout.tileRows
        runs.append((try found(Part(tileRow: tileRow, phase: prediction.phase)), [], k))
      }
      let found = runs[runs.count - 1].found
      runs[runs.count - 1].places.append(
        Int(found.places[row * coder.grid.columns + column - found.first]))
    }
    var values = [Float](unfilled: positions.count * width)
    values.withUnsafeMutableBufferPointer { values in
      guard let base = values.baseAddress else { return }
      let target = Disjoint(base)
      for run in runs {
        run.found.values.withUnsafeBufferPointer { found in
          guard let base = found.baseAddress else { return }
          let source = Disjoint(base)
          coder.network.pool.forEachPart(of: run.places.count, length: 32) { part in
            for k in part {
              (target.value + (run.first + k) * width).update(
                from: source.value + run.places[k] * width, count: width)
            }
          }
        }
      }
    }
    return values
  }

  /// The values of a phase of a row of tiles, which are read when they are asked for.
  private func found(_ part: Part) throws(BitstreamError) -> Values {
    if let found = buffered[part] { return found }
    let found = try decoded(part)
    buffered[part] = found
    return found
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
    let segments = Array(layout.segments(of: tiles, part.phase))
    let members = tiles.map {
      layout.tiles[$0].positions(of: part.phase, gridColumns: gridColumns)
    }
    let positions = Array(members.joined())
    let codes = try read(members, segments)
    var own = segments.map { paths[$0] }
    let values = coder.quantizer.decode(
      codes, levels: positions.map { coder.levels[$0] }, part.phase,
      tiles: coder.packing.tiles(tiles, of: part.phase, positions: positions), paths: &own)
    for (segment, path) in zip(segments, own) { paths[segment] = path }

    let first = positions.min() ?? 0
    var places = [Int32](repeating: -1, count: (positions.max() ?? 0) - first + 1)
    for (k, position) in positions.enumerated() { places[position - first] = Int32(k) }
    return Values(values: values, first: first, places: places)
  }

  /// The codes of some positions of each of some tiles, one tile's after the other, on several threads.
  private func read(
    _ members: [[Int]], _ segments: [Int]
  ) throws(BitstreamError) -> [[UInt32]] {
    let packing = coder.packing
    var read = [[[UInt32]]](repeating: [], count: members.count)
    var failures = [BitstreamError?](repeating: nil, count: members.count)
    read.withUnsafeMutableBufferPointer { read in
      failures.withUnsafeMutableBufferPointer { failures in
        readers.withUnsafeMutableBufferPointer { readers in
          let targets = (Disjoint(read), Disjoint(failures), Disjoint(readers))
          coder.network.pool.forEach(members.count) { tile in
            var reader = targets.2.value[segments[tile]]
            do throws(BitstreamError) {
              var codes: [[UInt32]] = []
              for position in members[tile] {
                codes.append(try packing.codes(of: position, &reader))
              }
              targets.0.value[tile] = codes
            } catch {
              targets.1.value[tile] = error
            }
            targets.2.value[segments[tile]] = reader
          }
        }
      }
    }
    if let failure = failures.lazy.compactMap({ $0 }).first { throw failure }
    return Array(read.joined())
  }
}

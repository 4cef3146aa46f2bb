/// The level of every latent position, row by row.
public struct LevelMap: Sendable, Equatable {
  /// Positions from left to right.
  public let columns: Int
  /// Positions from top to bottom.
  public let rows: Int
  /// `rows * columns` levels.
  public let levels: [UInt8]

  /// A map; a wrong number of levels stops the program.
  public init(columns: Int, rows: Int, levels: [UInt8]) {
    precondition(columns > 0 && rows > 0 && levels.count == columns * rows)
    self.columns = columns
    self.rows = rows
    self.levels = levels
  }

  /// The coded form. Inverse: `init(decoding:columns:rows:levelCount:)`.
  public func encoded(levelCount: Int) -> [UInt8] {
    precondition(levels.allSatisfy { $0 < levelCount })
    var coder = RangeEncoder()
    var contexts = LevelContexts(top: levelCount - 1)
    for place in levels.indices {
      let neighbours = LevelNeighbours(levels, place: place, columns: columns)
      _ = contexts.code(Int(levels[place]), neighbours) { bit, model in
        coder.encode(bit, &model)
        return bit
      }
    }
    return coder.finish()
  }

  /// Decodes a map. Inverse of `encoded`.
  ///
  /// - Throws: `BitstreamError.invalidValue` when bytes are left over.
  init(
    decoding bytes: ArraySlice<UInt8>, columns: Int, rows: Int, levelCount: Int
  ) throws(BitstreamError) {
    var coder = RangeDecoder(bytes)
    var contexts = LevelContexts(top: levelCount - 1)
    var levels = [UInt8](repeating: 0, count: columns * rows)
    for place in levels.indices {
      let neighbours = LevelNeighbours(levels, place: place, columns: columns)
      levels[place] = UInt8(contexts.code(nil, neighbours) { _, model in coder.decode(&model) })
    }
    guard coder.hasReadAll, bytes.last != 0 else {
      throw .invalidValue(
        what: "level map", offset: bytes.startIndex, found: "\(bytes.count) bytes",
        expected: "fewer, without unused ones at the end")
    }
    self.init(columns: columns, rows: rows, levels: levels)
  }
}

/// The levels around a position that were coded before it.
struct LevelNeighbours {
  let left: Int
  let above: Int
  let aboveLeft: Int
  let aboveRight: Int

  /// Outside the map the nearest of left and above stands in; for the first position, 0.
  init(_ levels: [UInt8], place: Int, columns: Int) {
    let column = place % columns
    let hasLeft = column > 0
    let hasAbove = place >= columns
    let leftLevel = hasLeft ? Int(levels[place - 1]) : nil
    let aboveLevel = hasAbove ? Int(levels[place - columns]) : nil
    left = leftLevel ?? aboveLevel ?? 0
    above = aboveLevel ?? leftLevel ?? 0
    aboveLeft = hasLeft && hasAbove ? Int(levels[place - columns - 1]) : above
    aboveRight =
      hasAbove && column + 1 < columns ? Int(levels[place - columns + 1]) : above
  }
}

/// The binary decisions that spell a level, and the probabilities they are coded with.
///
/// A prediction from the neighbours; whether the level equals it; if not, whether it is above; then how far, in
/// unary. Decisions with only one possible outcome are not coded.
struct LevelContexts {
  private let top: Int
  private var equal = [AdaptiveBit](repeating: AdaptiveBit(), count: 5 * 3)
  private var above = [AdaptiveBit](repeating: AdaptiveBit(), count: 3 * 3)
  private var further = [AdaptiveBit](repeating: AdaptiveBit(), count: 2 * 3 * 4)

  init(top: Int) { self.top = top }

  /// Codes `level`, or decodes one when it is nil: `coder` is given each decision (false when decoding) with
  /// its probability and returns what was decided.
  mutating func code(
    _ level: Int?, _ n: LevelNeighbours, _ coder: (Bool, inout AdaptiveBit) -> Bool
  ) -> Int {
    guard top > 0 else { return 0 }
    let low = min(n.left, n.above)
    let high = max(n.left, n.above)
    // The median edge predictor of LOCO-I, drawn towards the level above and to the right.
    let median = min(max(n.left + n.above - n.aboveLeft, low), high)
    let prediction = (2 * median + n.left + n.aboveRight + 2) / 4
    let spread = abs(n.left - n.above) + abs(n.above - n.aboveLeft) + abs(n.above - n.aboveRight)
    let activity = spread == 0 ? 0 : spread <= 1 ? 1 : spread <= 3 ? 2 : spread <= 6 ? 3 : 4
    let coarse = activity == 0 ? 0 : activity <= 2 ? 1 : 2
    let height = prediction == 0 ? 0 : prediction == top ? 2 : 1

    if coder(level == prediction, &equal[activity * 3 + height]) { return prediction }
    let upward: Bool
    if prediction == 0 {
      upward = true
    } else if prediction == top {
      upward = false
    } else {
      let twice = n.left + n.above - 2 * prediction
      let lean = twice < 0 ? 0 : twice == 0 ? 1 : 2
      upward = coder((level ?? 0) > prediction, &above[coarse * 3 + lean])
    }
    let room = upward ? top - prediction : prediction
    var distance = 1
    while distance < room {
      let context = ((upward ? 1 : 0) * 3 + coarse) * 4 + min(distance - 1, 3)
      let wanted = level.map { abs($0 - prediction) > distance } ?? false
      if !coder(wanted, &further[context]) { break }
      distance += 1
    }
    return upward ? prediction + distance : prediction - distance
  }
}

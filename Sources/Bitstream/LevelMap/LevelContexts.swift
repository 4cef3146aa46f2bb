/// The binarization of a map's levels, and the probabilities its decisions are coded with.
///
/// First the rate level: a prediction from the neighbours; whether the rate level equals it; if not, whether it is above; then
/// how far, in unary. Then the allocation mode, in unary. Decisions with only one possible outcome are not coded.
struct LevelContexts {
  private let rateTable: RateTable
  private let columns: Int
  private let top: Int
  private var equal = [AdaptiveBit](repeating: AdaptiveBit(), count: 5 * 3)
  private var above = [AdaptiveBit](repeating: AdaptiveBit(), count: 3 * 3)
  private var further = [AdaptiveBit](repeating: AdaptiveBit(), count: 2 * 3 * 4)
  /// [rate level, what the neighbour to the left has, decisions before].
  private var mode: [AdaptiveBit]
  private var rateLevels: [UInt8] = []
  private var leftLevel = 0

  init(_ rateTable: RateTable, columns: Int) {
    self.rateTable = rateTable
    self.columns = columns
    top = rateTable.rateLevels.count - 1
    mode = Array(
      repeating: AdaptiveBit(),
      count: rateTable.rateLevels.count * Self.modeContexts * Self.decisions)
  }

  private static let modeContexts = RateTable.maxModes + 1
  private static let decisions = RateTable.maxModes - 1

  /// Codes the next level in raster order, or decodes it when it is nil: `coder` is given each decision (false
  /// when decoding) with its probability and returns what was decided.
  mutating func code(_ level: Int?, _ coder: (Bool, inout AdaptiveBit) -> Bool) -> Int {
    let neighbours = RateLevelNeighbours(rateLevels, place: rateLevels.count, columns: columns)
    let rateLevel = codeRateLevel(level.map { rateTable.rateLevelOfLevel[$0] }, neighbours, coder)
    let first = rateTable.firstLevel[rateLevel]
    let hasLeft = rateLevels.count % columns > 0
    let left =
      hasLeft && rateTable.rateLevelOfLevel[leftLevel] == rateLevel ? leftLevel - first + 1 : 0
    let base = (rateLevel * Self.modeContexts + left) * Self.decisions
    var result = 0
    while result < rateTable.rateLevels[rateLevel].modes - 1 {
      let wanted = level.map { $0 - first > result } ?? false
      if !coder(wanted, &mode[base + result]) { break }
      result += 1
    }
    rateLevels.append(UInt8(rateLevel))
    leftLevel = first + result
    return leftLevel
  }

  private mutating func codeRateLevel(
    _ rateLevel: Int?, _ n: RateLevelNeighbours, _ coder: (Bool, inout AdaptiveBit) -> Bool
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

    if coder(rateLevel == prediction, &equal[activity * 3 + height]) { return prediction }
    let upward: Bool
    if prediction == 0 {
      upward = true
    } else if prediction == top {
      upward = false
    } else {
      let twice = n.left + n.above - 2 * prediction
      let signContext = twice < 0 ? 0 : twice == 0 ? 1 : 2
      upward = coder((rateLevel ?? 0) > prediction, &above[coarse * 3 + signContext])
    }
    let room = upward ? top - prediction : prediction
    var distance = 1
    while distance < room {
      let context = ((upward ? 1 : 0) * 3 + coarse) * 4 + min(distance - 1, 3)
      let wanted = rateLevel.map { abs($0 - prediction) > distance } ?? false
      if !coder(wanted, &further[context]) { break }
      distance += 1
    }
    return upward ? prediction + distance : prediction - distance
  }
}

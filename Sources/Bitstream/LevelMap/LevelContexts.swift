/// The binary decisions that spell the levels of a map, and the probabilities they are coded with.
///
/// First the rung: a prediction from the neighbours; whether the rung equals it; if not, whether it is above; then
/// how far, in unary. Then the variant, in unary. Decisions with only one possible outcome are not coded.
struct LevelContexts {
  private let ladder: LevelLadder
  private let columns: Int
  private let top: Int
  private var equal = [AdaptiveBit](repeating: AdaptiveBit(), count: 5 * 3)
  private var above = [AdaptiveBit](repeating: AdaptiveBit(), count: 3 * 3)
  private var further = [AdaptiveBit](repeating: AdaptiveBit(), count: 2 * 3 * 4)
  /// [rung, what the neighbour to the left has, decisions before].
  private var variant: [AdaptiveBit]
  private var rungs: [UInt8] = []
  private var leftLevel = 0

  init(_ ladder: LevelLadder, columns: Int) {
    self.ladder = ladder
    self.columns = columns
    top = ladder.rungs.count - 1
    variant = Array(
      repeating: AdaptiveBit(), count: ladder.rungs.count * Self.variantContexts * Self.decisions)
  }

  private static let variantContexts = LevelLadder.maxVariants + 1
  private static let decisions = LevelLadder.maxVariants - 1

  /// Codes the next level in raster order, or decodes it when it is nil: `coder` is given each decision (false
  /// when decoding) with its probability and returns what was decided.
  mutating func code(_ level: Int?, _ coder: (Bool, inout AdaptiveBit) -> Bool) -> Int {
    let neighbours = RungNeighbours(rungs, place: rungs.count, columns: columns)
    let rung = codeRung(level.map { ladder.rungOfLevel[$0] }, neighbours, coder)
    let first = ladder.firstLevel[rung]
    let hasLeft = rungs.count % columns > 0
    let left =
      hasLeft && ladder.rungOfLevel[leftLevel] == rung ? leftLevel - first + 1 : 0
    let base = (rung * Self.variantContexts + left) * Self.decisions
    var result = 0
    while result < ladder.rungs[rung].variants - 1 {
      let wanted = level.map { $0 - first > result } ?? false
      if !coder(wanted, &variant[base + result]) { break }
      result += 1
    }
    rungs.append(UInt8(rung))
    leftLevel = first + result
    return leftLevel
  }

  private mutating func codeRung(
    _ rung: Int?, _ n: RungNeighbours, _ coder: (Bool, inout AdaptiveBit) -> Bool
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

    if coder(rung == prediction, &equal[activity * 3 + height]) { return prediction }
    let upward: Bool
    if prediction == 0 {
      upward = true
    } else if prediction == top {
      upward = false
    } else {
      let twice = n.left + n.above - 2 * prediction
      let lean = twice < 0 ? 0 : twice == 0 ? 1 : 2
      upward = coder((rung ?? 0) > prediction, &above[coarse * 3 + lean])
    }
    let room = upward ? top - prediction : prediction
    var distance = 1
    while distance < room {
      let context = ((upward ? 1 : 0) * 3 + coarse) * 4 + min(distance - 1, 3)
      let wanted = rung.map { abs($0 - prediction) > distance } ?? false
      if !coder(wanted, &further[context]) { break }
      distance += 1
    }
    return upward ? prediction + distance : prediction - distance
  }
}

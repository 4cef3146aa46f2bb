/// The binarization of a map's levels, and the contexts its decisions are coded in.
///
/// First the rate level: a prediction from the neighbours; whether the rate level equals it; if not, whether it is above; then
/// how far, in unary. Then the allocation mode, in unary. Decisions with only one possible outcome are not coded.
struct LevelContexts {
  private let rateTable: RateTable
  private let columns: Int
  private let top: Int
  private var rate: LogisticMixer
  private var mode: LogisticMixer
  private var rateLevels: [UInt8] = []
  private var levels: [UInt8] = []

  /// Decisions about a rate level: whether it is the prediction, whether it is above, and how far below or above.
  private static let rateDecisions = 2 + 2 * distances
  private static let distances = 6
  private static let activities = 5
  private static let modeDecisions = RateTable.maxModes - 1
  /// What a neighbour tells of the mode: its own, and by how much its rate level differs; or nothing.
  private static let modeContexts = 1 + 5 * RateTable.maxModes

  init(_ rateTable: RateTable, columns: Int) {
    self.rateTable = rateTable
    self.columns = columns
    let count = rateTable.rateLevels.count
    top = count - 1
    rate = LogisticMixer(
      contexts: [count * Self.activities, count * 25, 125].map { $0 * Self.rateDecisions },
      weightSets: Self.activities + 3 + 2 * Self.distances)
    mode = LogisticMixer(
      contexts: [count * Self.modeContexts, count * Self.modeContexts, count].map {
        $0 * Self.modeDecisions
      }, weightSets: Self.modeDecisions)
  }

  /// Codes the next level in raster order, or decodes it when it is nil: `coder` is given each decision (false
  /// when decoding) with its probability and returns what was decided.
  mutating func code(_ level: Int?, _ coder: (Bool, UInt32) -> Bool) -> Int {
    let place = rateLevels.count
    let rateLevel = codeRateLevel(
      level.map { rateTable.rateLevelOfLevel[$0] },
      RateLevelNeighbours(rateLevels, place: place, columns: columns), coder)
    let left = modeContext(
      of: place % columns > 0 ? place - 1 : nil, besides: rateLevel)
    let above = modeContext(of: place >= columns ? place - columns : nil, besides: rateLevel)
    let first = rateTable.firstLevel[rateLevel]
    var result = 0
    while result < rateTable.rateLevels[rateLevel].modes - 1 {
      let isMore = mode.code(
        level.map { $0 - first > result },
        contexts: (
          (rateLevel * Self.modeContexts + left) * Self.modeDecisions + result,
          (rateLevel * Self.modeContexts + above) * Self.modeDecisions + result,
          rateLevel * Self.modeDecisions + result
        ), weightSet: result, coder)
      if !isMore { break }
      result += 1
    }
    rateLevels.append(UInt8(rateLevel))
    levels.append(UInt8(first + result))
    return first + result
  }

  private func modeContext(of neighbour: Int?, besides rateLevel: Int) -> Int {
    guard let neighbour else { return 0 }
    let other = Int(rateLevels[neighbour])
    let difference = other - rateLevel
    guard (-2...2).contains(difference) else { return 0 }
    let mode = Int(levels[neighbour]) - rateTable.firstLevel[other]
    return 1 + (difference + 2) * RateTable.maxModes + mode
  }

  private mutating func codeRateLevel(
    _ rateLevel: Int?, _ n: RateLevelNeighbours, _ coder: (Bool, UInt32) -> Bool
  ) -> Int {
    guard top > 0 else { return 0 }
    let low = min(n.left, n.above)
    let high = max(n.left, n.above)
    // The median edge predictor of LOCO-I, drawn towards the level above and to the right.
    let median = min(max(n.left + n.above - n.aboveLeft, low), high)
    let prediction = (2 * median + n.left + n.aboveRight + 2) / 4
    let spread = abs(n.left - n.above) + abs(n.above - n.aboveLeft) + abs(n.above - n.aboveRight)
    let activity = spread == 0 ? 0 : spread <= 1 ? 1 : spread <= 3 ? 2 : spread <= 6 ? 3 : 4
    // How far a neighbour is above the prediction, from 0 to 4 with 2 for equal.
    func step(_ neighbour: Int) -> Int { min(max(neighbour - prediction, -2), 2) + 2 }
    let contexts = (
      (prediction * Self.activities + activity) * Self.rateDecisions,
      ((prediction * 5 + step(n.left)) * 5 + step(n.above)) * Self.rateDecisions,
      ((step(n.aboveRight) * 5 + step(n.secondLeft)) * 5 + step(n.secondAbove)) * Self.rateDecisions
    )
    func at(_ decision: Int) -> (Int, Int, Int) {
      (contexts.0 + decision, contexts.1 + decision, contexts.2 + decision)
    }

    if rate.code(rateLevel.map { $0 == prediction }, contexts: at(0), weightSet: activity, coder) {
      return prediction
    }
    let upward: Bool
    if prediction == 0 {
      upward = true
    } else if prediction == top {
      upward = false
    } else {
      let twice = n.left + n.above - 2 * prediction
      let sign = twice < 0 ? 0 : twice == 0 ? 1 : 2
      upward = rate.code(
        rateLevel.map { $0 > prediction }, contexts: at(1), weightSet: Self.activities + sign, coder
      )
    }
    let room = upward ? top - prediction : prediction
    var distance = 1
    while distance < room {
      let k = min(distance - 1, Self.distances - 1) + (upward ? Self.distances : 0)
      let isFurther = rate.code(
        rateLevel.map { abs($0 - prediction) > distance }, contexts: at(2 + k),
        weightSet: Self.activities + 3 + k, coder)
      if !isFurther { break }
      distance += 1
    }
    return upward ? prediction + distance : prediction - distance
  }
}

/// The rate levels around a position that were coded before it.
private struct RateLevelNeighbours {
  let left: Int
  let above: Int
  let aboveLeft: Int
  let aboveRight: Int
  /// Two to the left, and two above.
  let secondLeft: Int
  let secondAbove: Int

  /// Outside the map the nearest of left and above stands in; for the first position, 0.
  init(_ rateLevels: [UInt8], place: Int, columns: Int) {
    let column = place % columns
    let hasLeft = column > 0
    let hasAbove = place >= columns
    let leftLevel = hasLeft ? Int(rateLevels[place - 1]) : nil
    let aboveLevel = hasAbove ? Int(rateLevels[place - columns]) : nil
    left = leftLevel ?? aboveLevel ?? 0
    above = aboveLevel ?? leftLevel ?? 0
    aboveLeft = hasLeft && hasAbove ? Int(rateLevels[place - columns - 1]) : above
    aboveRight =
      hasAbove && column + 1 < columns ? Int(rateLevels[place - columns + 1]) : above
    secondLeft = column > 1 ? Int(rateLevels[place - 2]) : left
    secondAbove = place >= 2 * columns ? Int(rateLevels[place - 2 * columns]) : above
  }
}

/// The binarization of a map's levels, and the contexts its decisions are coded in.
///
/// First the rate level: a prediction from the neighbours; whether the rate level equals it; if not, whether it is above; then
/// how far, in unary. Then the allocation mode, in unary. Decisions with only one possible outcome are not coded.
struct LevelContexts: ~Copyable {
  private let rateTable: RateTable
  private let columns: Int
  private let top: Int
  private let states: ContextMixer
  private let places: StatePlaces
  private var rateLevels: [UInt8] = []
  private var levels: [UInt8] = []

  init(_ rateTable: RateTable, columns: Int) {
    self.rateTable = rateTable
    self.columns = columns
    top = rateTable.rateLevels.count - 1
    places = StatePlaces(rateLevels: rateTable.rateLevels.count)
    states = ContextMixer(states: places.count, weights: WeightPlace.count)
  }

  /// Codes the next level in raster order, or decodes it, whatever is given.
  mutating func code(_ level: Int, _ coder: inout some DecisionCoder) -> Int {
    let place = rateLevels.count
    let rateLevel = codeRateLevel(
      rateTable.rateLevelOfLevel[level],
      RateLevelNeighbours(rateLevels, place: place, columns: columns), &coder)
    let left = modeContext(
      of: place % columns > 0 ? place - 1 : nil, besides: rateLevel)
    let above = modeContext(of: place >= columns ? place - columns : nil, besides: rateLevel)
    let first = rateTable.firstLevel[rateLevel]
    var mode = 0
    while mode < rateTable.rateLevels[rateLevel].modes - 1 {
      let isMore = decide(
        level - first > mode,
        (
          places.modeByLeft + (rateLevel * modeContexts + left) * modeDecisions + mode,
          places.modeByAbove + (rateLevel * modeContexts + above) * modeDecisions + mode,
          places.mode + rateLevel * modeDecisions + mode
        ), weights: WeightPlace.mode + mode, &coder)
      if !isMore { break }
      mode += 1
    }
    rateLevels.append(UInt8(rateLevel))
    levels.append(UInt8(first + mode))
    return first + mode
  }

  /// Codes a decision by a mix of three states, with the set of weights of this number.
  private func decide(
    _ decision: Bool, _ mixed: (Int, Int, Int), weights set: Int, _ coder: inout some DecisionCoder
  ) -> Bool {
    (states.places[0], states.places[1], states.places[2]) = mixed
    return states.code(decision, mixing: 3, weights: 3 * set, &coder)
  }

  private func modeContext(of neighbour: Int?, besides rateLevel: Int) -> Int {
    guard let neighbour else { return 0 }
    let other = Int(rateLevels[neighbour])
    let difference = other - rateLevel
    guard (-2...2).contains(difference) else { return 0 }
    let mode = Int(levels[neighbour]) - rateTable.firstLevel[other]
    return 1 + (difference + 2) * RateTable.maxModes + mode
  }

  private func codeRateLevel(
    _ rateLevel: Int, _ n: RateLevelNeighbours, _ coder: inout some DecisionCoder
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
      places.byActivity + (prediction * activities + activity) * rateDecisions,
      places.byNearest
        + ((prediction * 5 + step(n.left)) * 5 + step(n.above)) * rateDecisions,
      places.byOthers
        + ((step(n.aboveRight) * 5 + step(n.secondLeft)) * 5 + step(n.secondAbove)) * rateDecisions
    )
    func at(_ decision: Int) -> (Int, Int, Int) {
      (contexts.0 + decision, contexts.1 + decision, contexts.2 + decision)
    }

    if decide(rateLevel == prediction, at(0), weights: WeightPlace.equal + activity, &coder) {
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
      upward = decide(rateLevel > prediction, at(1), weights: WeightPlace.above + sign, &coder)
    }
    let room = upward ? top - prediction : prediction
    var distance = 1
    while distance < room {
      let k = min(distance - 1, distances - 1) + (upward ? distances : 0)
      let isFurther = decide(
        abs(rateLevel - prediction) > distance, at(2 + k), weights: WeightPlace.further + k, &coder)
      if !isFurther { break }
      distance += 1
    }
    return upward ? prediction + distance : prediction - distance
  }
}

private let activities = 5
private let distances = 6
/// Decisions about a rate level: whether it is the prediction, whether it is above, and how far below or above.
private let rateDecisions = 2 + 2 * distances
private let modeDecisions = RateTable.maxModes - 1
/// What a neighbour tells of the mode: its own, and by how much its rate level differs; or nothing.
private let modeContexts = 1 + 5 * RateTable.maxModes

/// Where the states of decisions begin.
private struct StatePlaces {
  /// Of a rate level, by the activity around it, the two nearest neighbours, and three others.
  let byActivity, byNearest, byOthers: Int
  /// Of a mode, by the neighbours' modes, and in each rate level alone.
  let modeByLeft, modeByAbove, mode: Int
  let count: Int

  init(rateLevels: Int) {
    byActivity = 0
    byNearest = byActivity + rateLevels * activities * rateDecisions
    byOthers = byNearest + rateLevels * 25 * rateDecisions
    modeByLeft = byOthers + 125 * rateDecisions
    modeByAbove = modeByLeft + rateLevels * modeContexts * modeDecisions
    mode = modeByAbove + rateLevels * modeContexts * modeDecisions
    count = mode + rateLevels * modeDecisions
  }
}

/// Where the sets of three weights of decisions begin.
private enum WeightPlace {
  static let equal = 0
  static let above = equal + activities
  static let further = above + 3
  static let mode = further + 2 * distances
  static let count = 3 * (mode + modeDecisions)
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

/// A piecewise cubic through given points that overshoots none of them (PCHIP, Fritsch and Butland
/// 1984, with the three-point formula at the ends).
struct MonotoneCubic {
  private let x: [Double]
  private let y: [Double]
  /// The derivative at each point.
  private let slopes: [Double]

  /// Makes the curve through at least two points with rising x.
  init(x: [Double], y: [Double]) {
    precondition(x.count == y.count && x.count >= 2)
    precondition(zip(x, x.dropFirst()).allSatisfy { $0 < $1 })
    let steps = zip(x, x.dropFirst()).map { $1 - $0 }
    let secants = zip(zip(y, y.dropFirst()), steps).map { ($0.1 - $0.0) / $1 }
    var slopes = [Double](repeating: secants[0], count: x.count)
    if x.count > 2 {
      for i in 1..<(x.count - 1) {
        let (left, right) = (secants[i - 1], secants[i])
        // A point between a rise and a fall is a summit.
        guard left * right > 0 else {
          slopes[i] = 0
          continue
        }
        let leftWeight = 2 * steps[i] + steps[i - 1]
        let rightWeight = steps[i] + 2 * steps[i - 1]
        slopes[i] = (leftWeight + rightWeight) / (leftWeight / left + rightWeight / right)
      }
      let last = steps.count - 1
      slopes[0] = Self.endSlope(steps[0], steps[1], secants[0], secants[1])
      slopes[x.count - 1] = Self.endSlope(
        steps[last], steps[last - 1], secants[last], secants[last - 1])
    }
    self.x = x
    self.y = y
    self.slopes = slopes
  }

  /// Where the curve is defined.
  var domain: ClosedRange<Double> { x[0]...x[x.count - 1] }

  /// The curve at a place of the domain.
  func value(at place: Double) -> Double {
    let i = max(0, min(x.count - 2, (x.firstIndex { $0 > place } ?? x.count) - 1))
    let step = x[i + 1] - x[i]
    let t = min(max((place - x[i]) / step, 0), 1)
    let (t2, t3) = (t * t, t * t * t)
    let (start, end) = (2 * t3 - 3 * t2 + 1, 3 * t2 - 2 * t3)
    let (startSlope, endSlope) = (t3 - 2 * t2 + t, t3 - t2)
    return start * y[i] + end * y[i + 1] + step
      * (startSlope * slopes[i] + endSlope * slopes[i + 1])
  }

  /// The integral between two places of the domain.
  func integral(from low: Double, to high: Double) -> Double {
    precondition(low <= high && domain.contains(low) && domain.contains(high))
    var sum = 0.0
    for i in 0..<(x.count - 1) {
      let start = max(low, x[i])
      let end = min(high, x[i + 1])
      guard start < end else { continue }
      let step = x[i + 1] - x[i]
      sum +=
        step
        * (antiderivative(i, at: (end - x[i]) / step)
          - antiderivative(i, at: (start - x[i]) / step))
    }
    return sum
  }

  /// The integral of piece `i` from 0 to `t`, where the piece runs from 0 to 1.
  private func antiderivative(_ i: Int, at t: Double) -> Double {
    let step = x[i + 1] - x[i]
    let (t2, t3, t4) = (t * t, t * t * t, t * t * t * t)
    // Integrals of the four Hermite polynomials.
    let value0 = t4 / 2 - t3 + t
    let slope0 = t4 / 4 - 2 * t3 / 3 + t2 / 2
    let value1 = -t4 / 2 + t3
    let slope1 = t4 / 4 - t3 / 3
    return value0 * y[i] + value1 * y[i + 1] + step * (slope0 * slopes[i] + slope1 * slopes[i + 1])
  }

  /// The slope at an end, from the two pieces next to it, nearer first.
  private static func endSlope(
    _ step: Double, _ nextStep: Double, _ secant: Double, _ nextSecant: Double
  ) -> Double {
    let slope = ((2 * step + nextStep) * secant - step * nextSecant) / (step + nextStep)
    if slope * secant <= 0 { return 0 }
    if secant * nextSecant <= 0 && abs(slope) > 3 * abs(secant) { return 3 * secant }
    return slope
  }
}

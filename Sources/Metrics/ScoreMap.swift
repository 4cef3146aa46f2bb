/// Where SSIMULACRA2 sees differences: for every square of a picture the score that a picture would have that was
/// everywhere as different as this square.
///
/// The metric's distortion is a sum of means and 4-norms of maps. A mean is split into what each place adds to it, a
/// 4-norm by each place's part of the sum of fourth powers, so that the squares add up to the whole distortion.
package struct ScoreMap: Sendable, Equatable {
  /// Pixels along each side of a square.
  package let cell: Int
  /// Squares in a row.
  package let columns: Int
  /// Rows of squares.
  package let rows: Int
  /// Row by row, 100 where nothing differs.
  package let scores: [Double]
  /// What each square adds to the distortion of the picture.
  let distortions: [Double]

  /// The map of two pictures of one size.
  init(_ first: XYBPyramid, _ second: XYBPyramid, width: Int, height: Int, cell: Int) {
    let (columns, rows) = ((width + cell - 1) / cell, (height + cell - 1) / cell)
    var total = [Double](repeating: 0, count: columns * rows)
    for (scale, (a, b)) in zip(first.scales, second.scales).enumerated() {
      for channel in 0..<3 {
        let weights = SSIMULACRA2.Weights(channel: channel, scale: scale, of: first.scales.count)
        guard weights.isUsed else { continue }
        Self.add(
          a.channels[channel], b.channels[channel], scale: scale, width: a.width, height: a.height,
          weights: weights, cell: cell, columns: columns, rows: rows, to: &total)
      }
    }
    let pixels = Double(width * height)
    scores = total.indices.map { i in
      let (x, y) = (i % columns * cell, i / columns * cell)
      let area = Double(min(cell, width - x) * min(cell, height - y))
      return SSIMULACRA2.score(distortion: total[i] * pixels / area)
    }
    (self.cell, self.columns, self.rows, distortions) = (cell, columns, rows, total)
  }

  private init(cell: Int, columns: Int, rows: Int, scores: [Double], distortions: [Double]) {
    (self.cell, self.columns, self.rows) = (cell, columns, rows)
    (self.scores, self.distortions) = (scores, distortions)
  }

  /// The lower score of every square of two maps of one shape.
  func lower(_ other: ScoreMap) -> ScoreMap {
    ScoreMap(
      cell: cell, columns: columns, rows: rows, scores: zip(scores, other.scores).map(min),
      distortions: zip(distortions, other.distortions).map(max))
  }

  /// Adds what one channel differs at one scale.
  private static func add(
    _ first: [Float], _ second: [Float], scale: Int, width: Int, height: Int,
    weights: SSIMULACRA2.Weights, cell: Int, columns: Int, rows: Int, to total: inout [Double]
  ) {
    // A pixel of a coarse scale may cover several squares: then sums are kept for pixels and spread at the end.
    let pixel = 1 << scale
    let step = max(cell, pixel)
    let across = (columns * cell + step - 1) / step
    let down = (rows * cell + step - 1) / step
    let count = across * down
    // For each map the sums of values, then of their fourth powers.
    var sums = [Double](repeating: 0, count: 6 * count)
    let norms = DistortionNorms(first, second, width: width, height: height) { y, maps in
      let row = min((y * pixel) / step, down - 1) * across
      for map in 0..<3 {
        let values = maps + map * width
        let start = 2 * map * count + row
        for x in 0..<width {
          let square = Double(values[x] * values[x])
          let place = start + min((x * pixel) / step, across - 1)
          sums[place] += Double(values[x])
          sums[place + count] += square * square
        }
      }
    }
    let pixels = Double(width * height)
    for (map, norm) in [norms.structure, norms.artifacts, norms.lostDetail].enumerated() {
      let weight = weights.weights(map: map)
      let fourths = norm.fourth * norm.fourth * norm.fourth * norm.fourth * pixels
      let factors = (
        mean: SSIMULACRA2.distortionScale * weight.mean / pixels,
        fourth: fourths > 0
          ? SSIMULACRA2.distortionScale * weight.fourth * norm.fourth / fourths : 0
      )
      guard factors.mean != 0 || factors.fourth != 0 else { continue }
      for i in 0..<count {
        let sum =
          sums[2 * map * count + i] * factors.mean
          + sums[(2 * map + 1) * count + i] * factors.fourth
        spread(sum, x: i % across, y: i / across, squares: step / cell, columns, rows, to: &total)
      }
    }
  }

  /// Shares a value among the squares that lie under a coarse one.
  private static func spread(
    _ value: Double, x: Int, y: Int, squares: Int, _ columns: Int, _ rows: Int,
    to total: inout [Double]
  ) {
    let (left, top) = (x * squares, y * squares)
    let (right, bottom) = (min(left + squares, columns), min(top + squares, rows))
    guard left < right, top < bottom else { return }
    let part = value / Double((right - left) * (bottom - top))
    for row in top..<bottom {
      for column in left..<right { total[row * columns + column] += part }
    }
  }
}

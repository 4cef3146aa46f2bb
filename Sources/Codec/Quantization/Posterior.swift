package import Model

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// The Gaussian posteriors of the coefficients of some positions.
package struct Posterior: Sendable {
  /// The level of each of the n positions.
  package let levels: [UInt8]
  /// [n, width]; zero where the level sends nothing.
  package let means: [Float]
  /// [n, width], equal within a run; one where the level sends nothing.
  package let variances: [Float]

  /// The posteriors of exact divergence of coefficients [n, width] of unit variance.
  package init(_ coefficients: [Float], levels: [UInt8], table: LevelTable, bound: Float) {
    let width = table.width
    precondition(coefficients.count == levels.count * width)
    let solvers = (0...8).map(ExactDivergence.init(bits:))
    var means = [Float](repeating: 0, count: coefficients.count)
    var variances = [Float](repeating: 1, count: coefficients.count)
    for (position, level) in levels.enumerated() {
      for run in table.levels[Int(level)] {
        let start = position * width + run.first
        var energy: Float = 0
        for k in start..<start + run.count {
          let value = bound * tanhf(coefficients[k] / bound)
          means[k] = value
          energy += value * value
        }
        let variance = solvers[run.bits].variance(energy: Double(energy) / Double(run.count))
        let factor = Float((1 - variance).squareRoot())
        for k in start..<start + run.count {
          means[k] *= factor
          variances[k] = Float(variance)
        }
      }
    }
    self.levels = levels
    self.means = means
    self.variances = variances
  }
}

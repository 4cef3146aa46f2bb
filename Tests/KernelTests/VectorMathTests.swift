import CGQKernels
import Foundation
import Testing

/// Elementary functions of whole arrays: near the true values, and the same with all instructions.
@Suite(.serialized)
struct VectorMathTests {
  /// An odd number of values, so that all instruction sets have some left over.
  private func values(from low: Double, to high: Double, count: Int = 4001) -> [Float] {
    (0..<count).map { Float(low + (high - low) * Double($0) / Double(count - 1)) }
  }

  private func largestError(
    _ found: [Float], _ inputs: [Float], _ expected: (Double) -> Double, floor: Double = 0
  ) -> Double {
    zip(found, inputs).map { value, input in
      let truth = expected(Double(input))
      return abs(Double(value) - truth) / max(abs(truth), floor)
    }.max() ?? 0
  }

  @Test func exponentials() throws {
    let inputs = values(from: -87, to: 88)
    let found = try results {
      var values = inputs
      gq_exp(&values, values.count)
      return values
    }
    #expect(largestError(found, inputs, exp) < 2.4e-7)
    var extremes: [Float] = [-1e9, 1e9]
    gq_exp(&extremes, 2)
    #expect(extremes[0] > 0 && extremes[0] < 2e-38 && extremes[1].isFinite)
    let undefined = try results {
      var values: [Float] = Array(repeating: .nan, count: 17)
      gq_exp(&values, values.count)
      return values
    }
    #expect(undefined == Array(repeating: extremes[0], count: 17))
  }

  @Test func logarithms() throws {
    let inputs = values(from: -40, to: 40).map { expf($0) } + [1, 0.999_999, 1.000_001]
    let found = try results {
      var values = inputs
      gq_log(&values, values.count)
      return values
    }
    #expect(largestError(found, inputs, log, floor: 1e-3) < 2.4e-7)
  }

  @Test(arguments: [Float(1), 6, 20]) func bounds(bound: Float) throws {
    let inputs = values(from: -100, to: 100) + values(from: -0.01, to: 0.01)
    let found = try results {
      var values = inputs
      gq_bound(&values, values.count, bound)
      return values
    }
    let worst = largestError(
      found, inputs, { Double(bound) * tanh($0 / Double(bound)) }, floor: Double(bound))
    #expect(worst < 1e-6)
    #expect(found.allSatisfy { abs($0) <= bound })
  }

  @Test(arguments: [1, 15, 16, 17, 300, 1003]) func divergences(count: Int) throws {
    let tilts = values(from: -30, to: 30, count: max(2, count)).prefix(count).map { $0 }
    let squares = (0..<count).map { Float($0 % 17) / 5 }
    let found = try results {
      var (sum, derivative) = (0.0, 0.0)
      gq_divergence(0.3, squares, tilts, count, &sum, &derivative)
      return [sum, derivative]
    }
    var (sum, derivative) = (0.0, 0.0)
    for (tilt, square) in zip(tilts, squares) {
      let x = 0.3 + Double(tilt)
      let (variance, rest) = (1 / (1 + exp(-x)), 1 / (1 + exp(x)))
      sum += 0.5 * (rest * (Double(square) - 1) + log1p(exp(-x)))
      derivative -= 0.5 * rest * (rest + variance * Double(square))
    }
    #expect(abs(found[0] - sum) < 1e-5 * abs(sum))
    #expect(abs(found[1] - derivative) < 1e-5 * abs(derivative))
  }

  @Test func variances() throws {
    let tilts = values(from: -60, to: 60)
    let found = try results {
      var variances = tilts
      var roots = tilts
      gq_variances(-0.2, tilts, tilts.count, &variances, &roots)
      return [variances, roots]
    }
    #expect(largestError(found[0], tilts, { 1 / (1 + exp(0.2 - $0)) }) < 2e-6)
    #expect(largestError(found[1], tilts, { (1 / (1 + exp($0 - 0.2))).squareRoot() }) < 2e-6)
  }

  @Test func samplesAndBack() throws {
    let samples = (0..<259).map { UInt8(truncatingIfNeeded: $0) }
    let inputs = try results {
      var values = [Float](repeating: 0, count: samples.count)
      gq_from_samples(samples, &values, samples.count)
      return values
    }
    #expect(inputs[0] == -1 && inputs[255] == 1)
    let outputs = try results {
      var back = [UInt8](repeating: 0, count: inputs.count)
      gq_to_samples(inputs, &back, inputs.count)
      return back
    }
    #expect(outputs == samples)
    let odd: [Float] = [-7, 7, .nan, .infinity, -.infinity, 0.0039, -0.0001]
    let clamped = try results {
      var result = [UInt8](repeating: 0, count: odd.count)
      gq_to_samples(odd, &result, odd.count)
      return result
    }
    #expect(clamped == [0, 255, 0, 255, 0, 128, 127])
  }

  @Test func shiftsAndScales() throws {
    let (a, b) = (values(from: -3, to: 5), values(from: 2, to: -1))
    let found = try results {
      var result = a
      gq_shift_scale(&result, a, b, b, a, a.count)
      gq_add(&result, b, a.count)
      var without = a
      gq_shift_scale(&without, nil, b, b, a, a.count)
      return [result, without]
    }
    for k in a.indices {
      #expect(found[0][k] == (a[k] + b[k]) * b[k] + a[k] + b[k])
      #expect(found[1][k] == b[k] * b[k] + a[k])
    }
  }

  @Test(arguments: [16, 48, 64, 144])
  func productsDoNotDependOnHowManyVectors(columns: Int) throws {
    let (count, inner) = (7, 33)
    let vectors = values(from: -1, to: 2, count: count * inner)
    let matrix = (0..<inner * columns).map { Float(($0 * 7919) % 101) / 50 - 1 }
    let found = try results {
      var result = [Float](repeating: 0, count: count * columns)
      gq_multiply(vectors, count, inner, matrix, columns, &result)
      return result
    }
    for row in 0..<count {
      let vector = Array(vectors[row * inner..<(row + 1) * inner])
      var alone = [Float](repeating: 0, count: columns)
      gq_multiply(vector, 1, inner, matrix, columns, &alone)
      #expect(alone == Array(found[row * columns..<(row + 1) * columns]))
      for column in 0..<columns {
        var sum = 0.0
        for k in 0..<inner { sum += Double(vector[k]) * Double(matrix[k * columns + column]) }
        #expect(abs(sum - Double(alone[column])) < 1e-4)
      }
    }
  }
}

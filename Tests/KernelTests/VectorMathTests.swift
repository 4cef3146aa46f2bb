import CGQKernels
import InstructionSets
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
    let logVarianceOffsets = values(from: -30, to: 30, count: max(2, count)).prefix(count).map {
      $0
    }
    let squares = (0..<count).map { Float($0 % 17) / 5 }
    let found = try results {
      var (sum, derivative) = (0.0, 0.0)
      gq_divergence(0.3, squares, logVarianceOffsets, count, &sum, &derivative)
      return [sum, derivative]
    }
    var (sum, derivative) = (0.0, 0.0)
    for (logVarianceOffset, square) in zip(logVarianceOffsets, squares) {
      let x = 0.3 + Double(logVarianceOffset)
      let (variance, rest) = (1 / (1 + exp(-x)), 1 / (1 + exp(x)))
      sum += 0.5 * (rest * (Double(square) - 1) + log1p(exp(-x)))
      derivative -= 0.5 * rest * (rest + variance * Double(square))
    }
    #expect(abs(found[0] - sum) < 1e-5 * abs(sum))
    #expect(abs(found[1] - derivative) < 1e-5 * abs(derivative))
  }

  @Test func variances() throws {
    let logVarianceOffsets = values(from: -60, to: 60)
    let found = try results {
      var variances = logVarianceOffsets
      var roots = logVarianceOffsets
      gq_variances(-0.2, logVarianceOffsets, logVarianceOffsets.count, &variances, &roots)
      return [variances, roots]
    }
    #expect(largestError(found[0], logVarianceOffsets, { 1 / (1 + exp(0.2 - $0)) }) < 2e-6)
    #expect(
      largestError(found[1], logVarianceOffsets, { (1 / (1 + exp($0 - 0.2))).squareRoot() }) < 2e-6)
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

  @Test func cosinesAreOrthonormalAndInverse() throws {
    var generator = SystemRandomNumberGenerator()
    let samples: [Float] = (0..<768).map { _ in Float.random(in: -1...1, using: &generator) }
    // Any order, and factors that are inverse to each other.
    let order: [Int32] = (0..<768).map { Int32($0 * 5 % 768) }
    let factors: [Float] = (0..<768).map { Float(1 + $0 % 7) }
    let latents = try results {
      var latents = [Float](repeating: 0, count: 768)
      gq_analyze_cosines(samples, order, factors, &latents)
      return latents
    }
    // Against the formula in binary64.
    func basis(_ k: Int, _ i: Int, _ n: Int) -> Double {
      (k == 0 ? (1 / Double(n)).squareRoot() : (2 / Double(n)).squareRoot())
        * cos(Double.pi * Double(k) * Double(2 * i + 1) / Double(2 * n))
    }
    for place in stride(from: 0, to: 768, by: 37) {
      let coefficient = Int(order[place])
      let (c, u, v) = (coefficient / 256, coefficient % 256 / 16, coefficient % 16)
      var sum = 0.0
      for k in 0..<768 {
        let (y, x, component) = (k / 48, k % 48 / 3, k % 3)
        sum += Double(samples[k]) * basis(u, y, 16) * basis(v, x, 16) * basis(c, component, 3)
      }
      #expect(abs(sum * Double(factors[place]) - Double(latents[place])) < 2e-5)
    }
    let inverse = factors.map { 1 / $0 }
    let back = try results {
      var back = [Float](repeating: 0, count: 768)
      gq_synthesize_cosines(latents, order, inverse, &back)
      return back
    }
    for (a, b) in zip(samples, back) { #expect(abs(a - b) < 1e-5) }
  }

  @Test func companding() throws {
    let inputs = values(from: -4, to: 4)
    let k = inputs.indices.map { Float($0 % 9) / 8 }
    let expanded = try results {
      var values = inputs
      gq_expand(&values, k, values.count)
      return values
    }
    for (place, x) in inputs.enumerated() {
      let truth = Double(x) * (1 + Double(k[place]) * Double(x * x)).squareRoot()
      #expect(abs(Double(expanded[place]) - truth) < 1e-5)
    }
    let back = try results {
      var values = expanded
      gq_compress(&values, k, values.count)
      return values
    }
    for (a, b) in zip(inputs, back) { #expect(abs(a - b) < 2e-6) }
  }

  @Test func softClipping() throws {
    let inputs = values(from: -30, to: 30) + [-1e30, 1e30]
    let found = try results {
      var values = inputs
      gq_limit(&values, values.count, 3.5)
      return values
    }
    for (x, y) in zip(inputs, found) {
      let clamped = max(-3.5e4, min(3.5e4, Double(x)))
      let truth = clamped / pow(1 + pow(abs(clamped) / 3.5, 8), 0.125)
      #expect(abs(Double(y) - truth) <= 2e-6)
    }
    #expect(found.allSatisfy { abs($0) <= 3.500_002 })
  }
}

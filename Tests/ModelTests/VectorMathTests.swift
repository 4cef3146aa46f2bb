import CVectorMath
import Foundation
import Testing

/// Elementary functions of whole arrays: near the true values, and the same with all instructions.
@Suite(.serialized)
struct VectorMathTests {
  static let instructionSets = [VECTOR_MATH_PLAIN, VECTOR_MATH_AVX2, VECTOR_MATH_AVX512]
    .map { Int32($0) }.filter { vector_math_supports($0) != 0 }

  /// What every instruction set makes of the same; the fastest one stays chosen.
  private func results<Value: Equatable>(_ body: () -> Value) throws -> Value {
    let all = Self.instructionSets.map { instructionSet in
      vector_math_use(instructionSet)
      return body()
    }
    for (instructionSet, result) in zip(Self.instructionSets, all) {
      #expect(result == all[0], "instruction set \(instructionSet)")
    }
    return try #require(all.last)
  }

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
      vector_exp(&values, values.count)
      return values
    }
    #expect(largestError(found, inputs, exp) < 2.4e-7)
    var extremes: [Float] = [-1e9, 1e9]
    vector_exp(&extremes, 2)
    #expect(extremes[0] > 0 && extremes[0] < 2e-38 && extremes[1].isFinite)
  }

  @Test func logarithms() throws {
    let inputs = values(from: -40, to: 40).map { expf($0) } + [1, 0.999_999, 1.000_001]
    let found = try results {
      var values = inputs
      vector_log(&values, values.count)
      return values
    }
    #expect(largestError(found, inputs, log, floor: 1e-3) < 2.4e-7)
  }

  @Test(arguments: [Float(1), 6, 20]) func bounds(bound: Float) throws {
    let inputs = values(from: -100, to: 100) + values(from: -0.01, to: 0.01)
    let found = try results {
      var values = inputs
      vector_bound(&values, values.count, bound)
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
      vector_divergence(0.3, squares, tilts, count, &sum, &derivative)
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
      vector_variances(-0.2, tilts, tilts.count, &variances, &roots)
      return [variances, roots]
    }
    #expect(largestError(found[0], tilts, { 1 / (1 + exp(0.2 - $0)) }) < 2e-6)
    #expect(largestError(found[1], tilts, { (1 / (1 + exp($0 - 0.2))).squareRoot() }) < 2e-6)
  }

  @Test func samplesAndBack() throws {
    let samples = (0..<259).map { UInt8(truncatingIfNeeded: $0) }
    let inputs = try results {
      var values = [Float](repeating: 0, count: samples.count)
      vector_from_samples(samples, &values, samples.count)
      return values
    }
    #expect(inputs[0] == -1 && inputs[255] == 1)
    let outputs = try results {
      var back = [UInt8](repeating: 0, count: inputs.count)
      vector_to_samples(inputs, &back, inputs.count)
      return back
    }
    #expect(outputs == samples)
    let odd: [Float] = [-7, 7, .nan, .infinity, -.infinity, 0.0039, -0.0001]
    let clamped = try results {
      var result = [UInt8](repeating: 0, count: odd.count)
      vector_to_samples(odd, &result, odd.count)
      return result
    }
    #expect(clamped == [0, 255, 0, 255, 0, 128, 127])
  }

  @Test func shiftsAndScales() throws {
    let (a, b) = (values(from: -3, to: 5), values(from: 2, to: -1))
    let found = try results {
      var result = a
      vector_shift_scale(&result, a, b, b, a, a.count)
      vector_add(&result, b, a.count)
      var without = a
      vector_shift_scale(&without, nil, b, b, a, a.count)
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
      vector_multiply(vectors, count, inner, matrix, columns, &result)
      return result
    }
    for row in 0..<count {
      let vector = Array(vectors[row * inner..<(row + 1) * inner])
      var alone = [Float](repeating: 0, count: columns)
      vector_multiply(vector, 1, inner, matrix, columns, &alone)
      #expect(alone == Array(found[row * columns..<(row + 1) * columns]))
      for column in 0..<columns {
        var sum = 0.0
        for k in 0..<inner { sum += Double(vector[k]) * Double(matrix[k * columns + column]) }
        #expect(abs(sum - Double(alone[column])) < 1e-4)
      }
    }
  }

  @Test(arguments: [1, 16, 37, 224]) func bytesAndBack(count: Int) throws {
    var random = SystemRandomNumberGenerator()
    for spread in [Float(1e-20), 1, 1e20] {
      let row = (0..<count).map { _ in Float.random(in: -spread...spread, using: &random) }
      let (bytes, scale) = try results { rounded(row) }.tuple
      let largest = row.map(abs).max() ?? 0
      #expect(scale == largest / 127)
      #expect(bytes.map { abs(Int($0)) }.max() == 127)
      for (byte, value) in zip(bytes, row) {
        #expect(abs(Float(byte) * scale - value) <= 0.5001 * scale)
      }
      // Single precision holds the same whole numbers.
      let whole = try results {
        var result = [Float](repeating: 9, count: count)
        let scale = vector_to_whole_numbers(row, count, &result)
        return result + [scale]
      }
      #expect(whole == bytes.map { Float($0) } + [scale])
    }
  }

  @Test func bytesOfWhatHasNoScale() throws {
    #expect(try results { rounded([0, -0, 0]) } == Rounded(bytes: [0, 0, 0], scale: 0))
    #expect(try results { rounded([1e-38, 0]) }.bytes == [0, 0])
    let endless = try results { rounded([.infinity, 1, -.infinity]).bytes }
    #expect(endless == [-127, 0, -127])
    #expect(try results { rounded([.nan, 1, -0.5]).bytes } == [-127, 127, -64])
  }

  @Test(arguments: [1, 16, 37, 448], [false, true]) func sums(count: Int, adds: Bool) throws {
    let sums = (0..<count).map { Int32(($0 * 7919 % 2001 - 1000) * 7000) }
    let scales = (0..<count).map { 1e-3 + 1e-5 * Float($0) }
    let bias = (0..<count).map { 0.1 * Float($0 % 13) - 0.5 }
    let before = (0..<count).map { Float($0) }
    let slope: Float = adds ? 1 : 0.1
    let found = try results {
      var result = before
      vector_from_sums(sums, 0.02, scales, bias, slope, adds ? 1 : 0, &result, count)
      return result
    }
    for k in 0..<count {
      let value = Float(sums[k]) * scales[k] * 0.02 + bias[k]
      #expect(found[k] == (value < 0 ? value * slope : value) + (adds ? before[k] : 0))
    }
    let whole = sums.map { Float($0) }
    let others = try results {
      var result = before
      vector_from_whole_sums(whole, 0.02, scales, bias, slope, adds ? 1 : 0, &result, count)
      return result
    }
    #expect(others == found)
  }

  private struct Rounded: Equatable {
    let bytes: [Int8]
    let scale: Float
    var tuple: ([Int8], Float) { (bytes, scale) }
  }

  private func rounded(_ row: [Float]) -> Rounded {
    var bytes = [Int8](repeating: 99, count: row.count)
    let scale = vector_to_bytes(row, row.count, &bytes)
    return Rounded(bytes: bytes, scale: scale)
  }
}

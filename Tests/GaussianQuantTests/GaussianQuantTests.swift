import GaussianQuant
import Testing

@Suite struct GaussianQuantTests {
  /// The example of the published description.
  @Test func publishedExample() throws {
    let quantizer = try GaussianQuant(dimension: 3, size: 128)
    let input = [Float](repeating: 0, count: 12 * 64 * 64)
    let result = try quantizer.quantize(input, shape: [1, 12, 64, 64], axis: 1)
    #expect(result.shape == [1, 6, 64, 64])
    #expect(result.indicesShape == [1, 2, 64, 64])
    // Every codeword is as good as any other here.
    #expect(result.indices.allSatisfy { $0 == 0 })
    #expect(result.divergence == DivergenceSummary([0]))
    let codes = try quantizer.indicesToCodes(result.indices, shape: result.indicesShape, axis: 1)
    #expect(codes.shape == result.shape)
    #expect(codes.values.map(\.bitPattern) == result.values.map(\.bitPattern))
  }

  /// The same with means that are not zero.
  @Test(arguments: Grouping.allCases)
  func publishedExampleWithContent(grouping: Grouping) throws {
    var numbers = TestNumbers(stream: 1)
    let quantizer = try GaussianQuant(dimension: 3, size: 128, grouping: grouping)
    let half = 6 * 64 * 64
    let means = (0..<half).map { _ in Float(numbers.normal()) }
    let input = means + [Float](repeating: -3.2, count: half)
    let result = try quantizer.quantize(input, shape: [1, 12, 64, 64], axis: 1)
    #expect(result.indicesShape == [1, 2, 64, 64])
    let codes = try quantizer.indicesToCodes(result.indices, shape: result.indicesShape, axis: 1)
    #expect(codes.values.map(\.bitPattern) == result.values.map(\.bitPattern))
    // The values are near the means, so each went to its own place.
    let squares = zip(result.values, means).map { ($0 - $1) * ($0 - $1) }
    #expect(squares.reduce(0, +) / Float(half) < 0.25)
  }

  @Test func groupings() throws {
    let strided = try GaussianQuant(dimension: 2, size: 16, grouping: .strided)
    let contiguous = try GaussianQuant(dimension: 2, size: 16, grouping: .contiguous)
    let book = strided.codebook.values
    let first = try strided.indicesToCodes([3, 5, 7], shape: [3], axis: 0)
    #expect(first.shape == [6])
    #expect(first.values == [book[6], book[10], book[14], book[7], book[11], book[15]])
    let second = try contiguous.indicesToCodes([3, 5, 7], shape: [3], axis: -1)
    #expect(second.values == [book[6], book[7], book[10], book[11], book[14], book[15]])
  }

  @Test func clampsLogVariances() throws {
    let quantizer = try GaussianQuant(dimension: 1, size: 2)
    let bounds = try quantizer.quantize([1, 1, -30, 20], shape: [4], axis: 0)
    let beyond = try quantizer.quantize([1, 1, -.infinity, 1e30], shape: [4], axis: 0)
    #expect(bounds == beyond)
  }

  @Test func clampsLogVariancesToAnyRange() throws {
    let quantizer = try GaussianQuant(dimension: 1, size: 16, logVariances: -2 ... -1)
    let bounds = try quantizer.quantize([1, 1, -2, -1], shape: [4], axis: 0)
    let beyond = try quantizer.quantize([1, 1, -9, 3], shape: [4], axis: 0)
    #expect(bounds == beyond)
    let posteriors = try quantizer.posteriors([1, 1, -9, -1.5], shape: [4], axis: 0)
    let gradient = posteriors.sample(seed: 0).inputGradient([1, 1])
    #expect(gradient[0] == 1 && gradient[1] == 1 && gradient[2] == 0 && gradient[3] != 0)
  }

  @Test func samples() throws {
    let quantizer = try GaussianQuant(dimension: 3, size: 128)
    let input = [Float](repeating: 0.5, count: 6 * 4000) + [Float](repeating: -2, count: 6 * 4000)
    let posteriors = try quantizer.posteriors(input, shape: [12, 4000], axis: 0)
    let sample = posteriors.sample(seed: 1)
    #expect(sample == posteriors.sample(seed: 1))
    #expect(sample.values != posteriors.sample(seed: 2).values)
    #expect(sample.values != posteriors.sample(seed: 1 << 32).values)
    let count = Float(sample.values.count)
    let mean = sample.values.reduce(0, +) / count
    let variance = sample.values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / count
    #expect(abs(mean - 0.5) < 0.01 && abs(variance - 0.1353) < 0.005)
  }

  @Test func targetIsLog2OfTheSize() throws {
    #expect(try GaussianQuant(dimension: 3, size: 128).targetDivergence.target == 7)
    let target = try GaussianQuant(dimension: 3, size: 100).targetDivergence.target
    #expect(abs(target - 6.643_856) < 1e-6)
  }

  @Test func codebookParameters() {
    #expect(throws: GaussianQuantError.codebookDimension(found: 0, expected: 1...64)) {
      try GaussianQuant(dimension: 0, size: 2)
    }
    #expect(throws: GaussianQuantError.codebookSize(found: 1, expected: 2...1_048_576)) {
      try GaussianQuant(dimension: 1, size: 1)
    }
    #expect(throws: GaussianQuantError.logVariances(found: 0...(.infinity))) {
      try GaussianQuant(dimension: 1, size: 2, logVariances: 0...(.infinity))
    }
    #expect(throws: GaussianQuantError.beta(found: .infinity)) {
      try GaussianQuant(dimension: 1, size: 2, beta: .infinity)
    }
  }

  /// Shapes, axes and values that do not fit, and the error each must give.
  static let mistakes: [([Float], [Int], Int, GaussianQuantError)] = [
    ([], [], 0, .axis(found: 0, expected: 0..<0)),
    ([1, 1, 1, 1], [4], 1, .axis(found: 1, expected: -1..<1)),
    ([1, 1, 1, 1], [4], -2, .axis(found: -2, expected: -1..<1)),
    ([], [0, 4], 1, .shape(found: [0, 4])),
    ([1, 1, 1, 1], [-1, -4], 1, .shape(found: [-1, -4])),
    ([1], [Int.max, 4], 1, .shape(found: [Int.max, 4])),
    ([1, 1, 1], [4], 0, .count(found: 3, expected: 4)),
    ([1, 1, 1, 1, 1, 1], [6], 0, .channels(found: 6, expectedMultiple: 4)),
    ([1, .infinity, 1, 1], [4], 0, .notFinite(found: .infinity, position: 1)),
  ]

  @Test(arguments: mistakes)
  func mistake(
    input: [Float], shape: [Int], axis: Int, expected: GaussianQuantError
  ) throws {
    let quantizer = try GaussianQuant(dimension: 2, size: 4)
    let error = #expect(throws: GaussianQuantError.self) {
      try quantizer.quantize(input, shape: shape, axis: axis)
    }
    #expect(error == expected)
    #expect(error?.description.hasSuffix(".") == true)
  }

  @Test func logVarianceThatIsNoNumber() throws {
    let quantizer = try GaussianQuant(dimension: 1, size: 4)
    let error = #expect(throws: GaussianQuantError.self) {
      try quantizer.quantize([0, 0, 0, .nan], shape: [4], axis: 0)
    }
    guard case .notFinite(_, position: 3) = error else {
      Issue.record("expected position 3, found \(String(describing: error))")
      return
    }
  }

  @Test func indicesBeyondTheCodebook() throws {
    let quantizer = try GaussianQuant(dimension: 2, size: 4)
    #expect(throws: GaussianQuantError.index(found: 4, expected: 0..<4, position: 1)) {
      try quantizer.indicesToCodes([3, 4], shape: [2], axis: 0)
    }
    #expect(throws: GaussianQuantError.count(found: 2, expected: 3)) {
      try quantizer.indicesToCodes([3, 3], shape: [3], axis: 0)
    }
  }
}

import GaussianQuant
import InstructionSets
import Testing

/// The fast search against a plain scan in `Double`, for every instruction set at hand.
@Suite struct CodebookSearchTests {
  /// Dimension, size of the codebook, number of groups; 24,000 groups in all, searched twice.
  static let cases = [
    (1, 2, 500), (1, 16, 500), (1, 1024, 1500), (2, 32, 2000), (2, 512, 2000), (3, 128, 3000),
    (4, 64, 3000), (4, 1024, 1500), (8, 32, 3000), (8, 256, 2000), (16, 128, 3000), (16, 512, 700),
    (31, 64, 700), (64, 32, 600), (1, 3, 500), (2, 15, 500), (3, 17, 1000), (4, 100, 1500),
    (2, 1000, 700), (64, 33, 300),
  ]

  @Test(arguments: cases, CodebookSearch.Variances.allCases)
  func equalsPlainScan(
    configuration: (Int, Int, Int), variances: CodebookSearch.Variances
  ) throws {
    let (dimension, size, count) = configuration
    let codebook = try Codebook(dimension: dimension, size: size, seed: 11)
    let groups = Groups.random(
      count: count, codebook: codebook, variances: variances, stream: dimension * 100_000 + size)
    let expected = groups.plainScan(codebook, beta: 1)
    for set in instructionSets {
      let found = withInstructionSet(set) {
        CodebookSearch(codebook: codebook, variances: variances)
          .nearest(means: groups.means, variances: groups.variances)
      }
      #expect(found == expected)
    }
  }

  @Test(arguments: [4, 8, 16], CodebookSearch.Variances.allCases)
  func equalsPlainScanOfLargeCodebook(
    dimension: Int, variances: CodebookSearch.Variances
  ) throws {
    let codebook = try Codebook(dimension: dimension, size: 65536)
    let groups = Groups.random(count: 40, codebook: codebook, variances: variances, stream: 5)
    let expected = groups.plainScan(codebook, beta: 1)
    for set in instructionSets {
      let found = withInstructionSet(set) {
        CodebookSearch(codebook: codebook, variances: variances)
          .nearest(means: groups.means, variances: groups.variances)
      }
      #expect(found == expected)
    }
  }

  @Test(arguments: [0.0, 0.5, 1.5, -1])
  func otherWeightsOfThePrior(beta: Double) throws {
    let codebook = try Codebook(dimension: 4, size: 256)
    for variances in CodebookSearch.Variances.allCases {
      let groups = Groups.random(count: 500, codebook: codebook, variances: variances, stream: 9)
      let search = CodebookSearch(codebook: codebook, variances: variances, beta: beta)
      #expect(
        search.nearest(means: groups.means, variances: groups.variances)
          == groups.plainScan(codebook, beta: beta))
    }
  }

  /// Both kinds of search are the same function where a group's variances are equal.
  @Test func oneVarianceIsManyEqualOnes() throws {
    let codebook = try Codebook(dimension: 8, size: 4096)
    let groups = Groups.random(count: 200, codebook: codebook, variances: .perGroup, stream: 3)
    let one = CodebookSearch(codebook: codebook, variances: .perGroup)
    let many = CodebookSearch(codebook: codebook, variances: .perElement)
    let repeated = groups.variances.flatMap { [Float](repeating: $0, count: 8) }
    #expect(
      one.nearest(means: groups.means, variances: groups.variances)
        == many.nearest(means: groups.means, variances: repeated))
  }

  /// A group's index does not depend on the groups it is searched with.
  @Test func divisionIntoCalls() throws {
    let codebook = try Codebook(dimension: 4, size: 1024)
    let groups = Groups.random(count: 100, codebook: codebook, variances: .perGroup, stream: 4)
    let search = CodebookSearch(codebook: codebook, variances: .perGroup)
    let together = search.nearest(means: groups.means, variances: groups.variances)
    var apart: [UInt32] = []
    var first = 0
    for count in [1, 31, 0, 33, 2, 32, 1] {
      let means = Array(groups.means[first * 4..<(first + count) * 4])
      let variances = Array(groups.variances[first..<first + count])
      apart += search.nearest(means: means, variances: variances)
      first += count
    }
    #expect(first == 100)
    #expect(apart == together)
  }

  /// Squares that binary32 does not hold are scored in `Double`.
  @Test(arguments: CodebookSearch.Variances.allCases)
  func hugeValues(variances: CodebookSearch.Variances) throws {
    let codebook = try Codebook(
      values: (0..<40).map { Float($0) * 1e20 * ($0.isMultiple(of: 2) ? 1 : -1) }, dimension: 1)
    let ones = [Float](repeating: 1, count: 40)
    // Without the prior the nearest codeword wins, with it and variance 1 the one farthest in the mean's direction.
    let nearest = CodebookSearch(codebook: codebook, variances: variances, beta: 0)
    #expect(
      nearest.nearest(means: codebook.values, variances: ones) == (0..<40).map { UInt32($0) })
    let farthest = CodebookSearch(codebook: codebook, variances: variances)
    #expect(
      farthest.nearest(means: codebook.values, variances: ones)
        == (0..<40).map { $0 == 0 ? 0 : $0.isMultiple(of: 2) ? 38 : 39 })
  }

  /// Posterior equal to the prior: every codeword scores zero, the first is taken.
  @Test(arguments: CodebookSearch.Variances.allCases)
  func tiesGoToTheLowestIndex(variances: CodebookSearch.Variances) throws {
    let codebook = try Codebook(dimension: 4, size: 65536)
    let search = CodebookSearch(codebook: codebook, variances: variances)
    let count = variances == .perGroup ? 100 : 400
    let indices = search.nearest(
      means: [Float](repeating: 0, count: 400), variances: [Float](repeating: 1, count: count))
    #expect(indices == [UInt32](repeating: 0, count: 100))
  }

  /// In one dimension 65536 draws repeat some numbers; of equal codewords the first is taken.
  @Test func repeatedCodewords() throws {
    let codebook = try Codebook(dimension: 1, size: 65536)
    var first: [Float: Int] = [:]
    var repeated: [Float] = []
    for (index, value) in codebook.values.enumerated() {
      if first[value] == nil { first[value] = index } else { repeated.append(value) }
    }
    try #require(repeated.count > 3)
    for set in instructionSets {
      let indices = withInstructionSet(set) {
        CodebookSearch(codebook: codebook, variances: .perGroup).nearest(
          means: repeated, variances: [Float](repeating: 1e-13, count: repeated.count))
      }
      #expect(indices.map { codebook.values[Int($0)] } == repeated)
      #expect(indices.map(Int.init) == repeated.map { first[$0] })
    }
  }

  /// Numbers beyond the range of binary32 scores, and numbers that are none, give a valid index.
  @Test func extremeNumbers() throws {
    let codebook = try Codebook(dimension: 2, size: 64)
    let groups = Groups(
      means: [3e38, -3e38, 1e30, 1, 0x1p-140, -0x1p-140, 1e20, 1, 0, 0],
      variances: [1e-13, 1e-30, 1, 0x1p-126, 3e38], kind: .perGroup)
    let search = CodebookSearch(codebook: codebook, variances: .perGroup)
    #expect(
      search.nearest(means: groups.means, variances: groups.variances)
        == groups.plainScan(codebook, beta: 1))
    let invalid = search.nearest(
      means: [.nan, 0, .infinity, 0, 0, 0, 0, 0], variances: [1, 1, 0, .nan])
    #expect(invalid.allSatisfy { $0 < 64 })
  }

  @Test func mistakesStopTheProgram() async {
    await #expect(processExitsWith: .failure) {
      let search = CodebookSearch(
        codebook: try Codebook(dimension: 2, size: 64), variances: .perGroup)
      _ = search.nearest(means: [1, 2, 3], variances: [1])
    }
    await #expect(processExitsWith: .failure) {
      let search = CodebookSearch(
        codebook: try Codebook(dimension: 2, size: 64), variances: .perElement)
      _ = search.nearest(means: [1, 2], variances: [1])
    }
  }
}

/// Posteriors to search for.
private struct Groups {
  var means: [Float]
  var variances: [Float]
  var kind: CodebookSearch.Variances

  /// Posteriors wide and narrow, some so narrow between two codewords that their scores are equal
  /// in binary32, some equal to the prior.
  static func random(
    count: Int, codebook: Codebook, variances kind: CodebookSearch.Variances, stream: Int
  ) -> Groups {
    var numbers = TestNumbers(stream: stream)
    var groups = Groups(means: [], variances: [], kind: kind)
    for group in 0..<count {
      let codeword = Int(numbers.uniform() * Double(codebook.size))
      let pair = group % 5 == 0 ? [codeword, neighbour(of: codeword, in: codebook)] : []
      let scale = group % 7 == 1 ? 10.0 : 1.0
      for element in 0..<codebook.dimension {
        switch group % 5 {
        case 0:
          let values = pair.map { codebook[$0, element] }
          groups.means.append((values[0] + values[1]) / 2)
        case 1 where group % 50 == 1:
          groups.means.append(0)
        default:
          groups.means.append(Float(numbers.normal() * scale))
        }
      }
      let center = group % 5 == 0 ? -36.0 : -5.0
      let variance = { (numbers: inout TestNumbers) -> Float in
        if group % 50 == 1 { return 1 }
        let exponent = Int((center + 6 * numbers.uniform()).rounded(.down))
        return Float(sign: .plus, exponent: exponent, significand: Float(1 + numbers.uniform()))
      }
      for _ in 0..<(kind == .perGroup ? 1 : codebook.dimension) {
        groups.variances.append(variance(&numbers))
      }
    }
    return groups
  }

  /// The codeword closest to another.
  static func neighbour(of codeword: Int, in codebook: Codebook) -> Int {
    let dimension = codebook.dimension
    var best = 0
    var smallest = Float.infinity
    codebook.values.withUnsafeBufferPointer { values in
      for other in 0..<codebook.size where other != codeword {
        var sum: Float = 0
        var element = 0
        while element < dimension, sum < smallest {
          let difference =
            values[codeword &* dimension &+ element] - values[other &* dimension &+ element]
          sum += difference * difference
          element &+= 1
        }
        if sum < smallest {
          smallest = sum
          best = other
        }
      }
    }
    return best
  }

  /// The definition: every codeword scored in `Double`, the first of the best taken.
  func plainScan(_ codebook: Codebook, beta: Double) -> [UInt32] {
    let dimension = codebook.dimension
    return (0..<means.count / dimension).map { group in
      var linear: [Double] = []
      var quadratic: [Double] = []
      for element in 0..<dimension {
        let place = group * dimension + element
        let precision = 1 / Double(kind == .perGroup ? variances[group] : variances[place])
        linear.append(Double(means[place]) * precision)
        quadratic.append((beta - precision) / 2)
      }
      var best = 0
      var highest = -Double.infinity
      codebook.values.withUnsafeBufferPointer { values in
        linear.withUnsafeBufferPointer { linear in
          quadratic.withUnsafeBufferPointer { quadratic in
            for index in 0..<codebook.size {
              var score = 0.0
              var element = 0
              while element < dimension {
                let value = Double(values[index &* dimension &+ element])
                score += value * (linear[element] + value * quadratic[element])
                element &+= 1
              }
              if score > highest {
                highest = score
                best = index
              }
            }
          }
        }
      }
      return UInt32(best)
    }
  }
}

import Foundation
import GaussianQuant
import Testing

@Suite struct CodebookTests {
  /// The checksums of docs/codebook.md, made by training/golden/codebook.py.
  @Test(arguments: [(4, 0x31ae_678e), (8, 0xa2d8_c43b), (16, 0x4055_0225)] as [(Int, UInt32)])
  func checksum(dimension: Int, expected: UInt32) throws {
    let codebook = try Codebook(dimension: dimension, size: 65536)
    #expect(codebook.values.count == 65536 * dimension)
    #expect(crc32(codebook.values) == expected)
  }

  @Test(arguments: [1, 2, 3, 4, 5, 16, 63, 64], [0, 1, 0xdead_beef_0123_4567] as [UInt64])
  func codewordsAloneAndTogether(dimension: Int, seed: UInt64) throws {
    let codebook = try Codebook(dimension: dimension, size: 64, seed: seed)
    for index in 0..<64 {
      let alone = Codebook.codeword(at: UInt32(index), dimension: dimension, seed: seed)
      #expect(alone == (0..<dimension).map { codebook[index, $0] })
    }
  }

  @Test func smallerIsTheBeginningOfLarger() throws {
    let small = try Codebook(dimension: 5, size: 2)
    let large = try Codebook(dimension: 5, size: 1024)
    #expect(Array(large.values.prefix(10)) == small.values)
    #expect(small.indexBitCount == 1)
    #expect(large.indexBitCount == 10)
  }

  @Test func seedsAndDimensionsDiffer() {
    let first = Codebook.codeword(at: 0, dimension: 4, seed: 0)
    #expect(first != Codebook.codeword(at: 0, dimension: 4, seed: 1))
    #expect(first != Codebook.codeword(at: 0, dimension: 4, seed: 1 << 32))
    #expect(first != Array(Codebook.codeword(at: 0, dimension: 8, seed: 0).prefix(4)))
  }

  @Test func standardNormal() throws {
    let values = try Codebook(dimension: 4, size: 16384).values.map(Double.init)
    let count = Double(values.count)
    #expect(abs(values.reduce(0, +) / count) < 0.01)
    #expect(abs(values.reduce(0) { $0 + $1 * $1 } / count - 1) < 0.02)
  }

  @Test(arguments: [0, -1, 65])
  func wrongDimension(dimension: Int) {
    #expect(throws: GaussianQuantError.codebookDimension(found: dimension, expected: 1...64)) {
      try Codebook(dimension: dimension, size: 2)
    }
  }

  /// The checksums of docs/codebook.md; training/golden/sobol.py gives them, and so do PyTorch and SciPy.
  @Test(
    arguments: [
      (1, 16, 42, 0x6a6d_01a2), (2, 256, 42, 0x2f67_28e6), (3, 128, 42, 0xb310_bff2),
      (3, 1000, 7, 0xf54b_a617), (4, 65536, 42, 0xa731_18a9), (16, 65536, 42, 0x1866_e938),
      (64, 2048, 1, 0x6518_3137), (3, 100, 42 + 1 << 32, 0xbc39_41ed),
    ] as [(Int, Int, UInt64, UInt32)])
  func sobolChecksum(dimension: Int, size: Int, seed: UInt64, expected: UInt32) throws {
    let codebook = try Codebook.sobol(dimension: dimension, size: size, seed: seed)
    #expect(codebook.values.count == size * dimension)
    #expect(codebook.source == .sobol(seed: seed))
    #expect(crc32(codebook.values) == expected)
  }

  /// The error of quantization relative to the posterior's variance in few dimensions.
  @Test(arguments: [(1, 16), (2, 256), (3, 128)])
  func sobolIsBetterInFewDimensions(dimension: Int, size: Int) throws {
    func error(_ codebook: Codebook) -> Double {
      var numbers = TestNumbers(stream: dimension)
      let variance = exp2(-2 * log2(Double(size)) / Double(dimension))
      let search = CodebookSearch(codebook: codebook, variances: .perGroup)
      let groupCount = 4000
      let means = (0..<groupCount * dimension).map { _ in
        Float(numbers.normal() * (1 - variance).squareRoot())
      }
      let found = search.nearest(
        means: means, variances: [Float](repeating: Float(variance), count: groupCount))
      var sum = 0.0
      for (group, index) in found.enumerated() {
        for element in 0..<dimension {
          let difference = codebook[Int(index), element] - means[group * dimension + element]
          sum += Double(difference * difference)
        }
      }
      return sum / Double(means.count) / variance
    }
    let seeds = 0..<8 as Range<UInt64>
    let noise = try seeds.map { error(try Codebook(dimension: dimension, size: size, seed: $0)) }
    let sobol = try seeds.map {
      error(try Codebook.sobol(dimension: dimension, size: size, seed: $0))
    }
    #expect(sobol.reduce(0, +) < 0.9 * noise.reduce(0, +))
  }

  @Test func anySize() throws {
    let whole = try Codebook(dimension: 3, size: 1024)
    for size in [2, 3, 15, 16, 17, 100, 1000] {
      let codebook = try Codebook(dimension: 3, size: size)
      #expect(codebook.values == Array(whole.values.prefix(3 * size)))
      #expect(1 << codebook.indexBitCount >= size && 1 << (codebook.indexBitCount - 1) < size)
    }
  }

  @Test func fromValues() throws {
    let codebook = try Codebook(values: [1, 2, 3, 4, 5, 6], dimension: 2)
    #expect(codebook.size == 3 && codebook.source == .values && codebook[2, 1] == 6)
    #expect(throws: GaussianQuantError.codebookCount(found: 5, expectedMultiple: 2)) {
      try Codebook(values: [1, 2, 3, 4, 5], dimension: 2)
    }
    #expect(throws: GaussianQuantError.codebookSize(found: 1, expected: 2...1_048_576)) {
      try Codebook(values: [1, 2], dimension: 2)
    }
    #expect(throws: GaussianQuantError.codebookDimension(found: 0, expected: 1...64)) {
      try Codebook(values: [1, 2], dimension: 0)
    }
    #expect(throws: GaussianQuantError.notFinite(found: .infinity, position: 3)) {
      try Codebook(values: [1, 2, 3, .infinity], dimension: 2)
    }
  }

  @Test(arguments: [Int.min, -2, 0, 1, 1 << 21])
  func wrongSize(size: Int) {
    #expect(throws: GaussianQuantError.codebookSize(found: size, expected: 2...1_048_576)) {
      try Codebook(dimension: 1, size: size)
    }
  }
}

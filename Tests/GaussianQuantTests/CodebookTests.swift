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

  @Test(arguments: [Int.min, -2, 0, 1, 3, 65535, 1 << 21])
  func wrongSize(size: Int) {
    #expect(throws: GaussianQuantError.codebookSize(found: size, expected: 2...1_048_576)) {
      try Codebook(dimension: 1, size: size)
    }
  }
}

/// A codebook of fixed Gaussian noise: `size` codewords of `dimension` draws from N(0, 1).
///
/// Nothing is stored or trained; the codewords follow from the dimension and a seed, bit for bit on
/// every machine. They are part of the file format. Element d of codeword j is, with every
/// operation in `Double` and rounded on its own:
///
/// 1. `Philox.block` of the counter (j, d / 4, dimension, 0x47514342) and the key (low word of the
///    seed, high word of the seed); word d mod 4 of the four is w.
/// 2. u = (w + 0.5) * 2^-32.
/// 3. `NormalQuantile.value(at: u)`, rounded to the nearest `Float`.
///
/// The size takes no part in this, so a smaller codebook is the beginning of a larger one. Codebooks
/// of different dimensions are independent. `docs/codebook.md` gives the same in full.
public struct Codebook: Sendable {
  /// The dimensions a codeword can have.
  public static let dimensions = 1...64
  /// The bounds of the number of codewords, which is always a power of two.
  public static let sizes = 2...1_048_576

  /// Elements of a codeword.
  public let dimension: Int
  /// Number of codewords, a power of two.
  public let size: Int
  /// Chooses one of 2^64 codebooks.
  public let seed: UInt64
  /// The codewords one after another, `[size, dimension]`.
  public let values: [Float]

  /// Bits of an index into this codebook: log2 of its size.
  public var indexBitCount: Int { size.trailingZeroBitCount }

  /// Draws a codebook.
  ///
  /// - Parameters:
  ///   - dimension: Elements of a codeword, one of `dimensions`.
  ///   - size: Number of codewords, a power of two in `sizes`.
  ///   - seed: Chooses one of 2^64 codebooks.
  /// - Throws: `GaussianQuantError.codebookDimension` or `.codebookSize`.
  public init(dimension: Int, size: Int, seed: UInt64 = 0) throws(GaussianQuantError) {
    guard Codebook.dimensions.contains(dimension) else {
      throw .codebookDimension(found: dimension, expected: Codebook.dimensions)
    }
    guard Codebook.sizes.contains(size), size & (size - 1) == 0 else {
      throw .codebookSize(found: size, expected: Codebook.sizes)
    }
    self.dimension = dimension
    self.size = size
    self.seed = seed
    values = [Float](unsafeUninitializedCapacity: size * dimension) { buffer, count in
      for index in 0..<size {
        let codeword = UnsafeMutableBufferPointer(
          rebasing: buffer[index * dimension..<(index + 1) * dimension])
        Codebook.draw(UInt32(truncatingIfNeeded: index), seed: seed, into: codeword)
      }
      count = size * dimension
    }
  }

  /// One element of a codeword: `values[index * dimension + element]`.
  ///
  /// An index or element outside the codebook stops the program.
  public subscript(index: Int, element: Int) -> Float {
    precondition(index >= 0 && index < size, "the index lies in the codebook")
    precondition(element >= 0 && element < dimension, "the element lies in the codeword")
    return values[index * dimension + element]
  }

  /// One codeword, drawn without the others.
  ///
  /// - Parameters:
  ///   - index: Any index that some codebook of this dimension can have.
  ///   - dimension: Elements of a codeword, one of `dimensions`; anything else stops the program.
  ///   - seed: Chooses one of 2^64 codebooks.
  /// - Returns: `dimension` elements, the same bits as in a whole codebook.
  public static func codeword(at index: UInt32, dimension: Int, seed: UInt64 = 0) -> [Float] {
    precondition(dimensions.contains(dimension), "a codeword has 1 to 64 elements")
    return [Float](unsafeUninitializedCapacity: dimension) { buffer, count in
      draw(
        index, seed: seed, into: UnsafeMutableBufferPointer(rebasing: buffer[..<dimension]))
      count = dimension
    }
  }

  /// Marks the codebook among all uses of the generator: "GQCB".
  private static let purpose: UInt32 = 0x4751_4342

  /// Fills a buffer of `dimension` elements with one codeword.
  private static func draw(
    _ index: UInt32, seed: UInt64, into codeword: UnsafeMutableBufferPointer<Float>
  ) {
    let dimension = codeword.count
    let key = (UInt32(truncatingIfNeeded: seed), UInt32(truncatingIfNeeded: seed >> 32))
    var element = 0
    while element < dimension {
      let words = Philox.block(
        counter: (index, UInt32(element / 4), UInt32(dimension), purpose), key: key)
      codeword[element] = normal(words.0)
      if element + 1 < dimension { codeword[element + 1] = normal(words.1) }
      if element + 2 < dimension { codeword[element + 2] = normal(words.2) }
      if element + 3 < dimension { codeword[element + 3] = normal(words.3) }
      element += 4
    }
  }

  /// The normal number that belongs to a random word.
  @inline(__always)
  private static func normal(_ word: UInt32) -> Float {
    Float(NormalQuantile.unchecked((Double(word) + 0.5) * 0x1p-32))
  }
}

/// A fixed codebook: `size` codewords of `dimension` values that look like samples of N(0, 1).
///
/// There are two standard codebooks, which are neither stored nor trained but follow from the dimension and a seed, bit for
/// bit on every machine, and codebooks of any values (``init(values:dimension:)``), for example those of a published
/// checkpoint. ``init(dimension:size:seed:)`` draws independent noise, the library's own. ``sobol(dimension:size:seed:)``
/// has the scrambled Sobol points of the published code, which fill the space more evenly: in one to three dimensions the
/// error is 15 to 30 percent smaller, from eight dimensions on both are as good.
///
/// Element d of codeword j of independent noise is, with every operation in `Double` and rounded on its own:
///
/// 1. `Philox.block` of the counter (j, d / 4, dimension, 0x47514342) and the key (low word of the
///    seed, high word of the seed); word d mod 4 of the four is w.
/// 2. u = (w + 0.5) * 2^-32.
/// 3. `NormalQuantile.value(at: u)`, rounded to the nearest `Float`.
///
/// The size takes no part in this, so a smaller codebook is the beginning of a larger one. Codebooks
/// of different dimensions are independent. `docs/codebook.md` gives the same in full.
public struct Codebook: Sendable {
  /// Where the codewords of a codebook come from.
  public enum Source: Sendable, Equatable {
    /// Independent Gaussian noise from `Philox`, the library's own.
    case philox(seed: UInt64)
    /// Scrambled Sobol points through the normal distribution's quantiles, as published.
    case sobol(seed: UInt64)
    /// Values that were given.
    case values
  }

  /// The dimensions a codeword can have.
  public static let dimensions = 1...64
  /// The numbers of codewords that a codebook can have.
  public static let sizes = 2...1_048_576

  /// Elements of a codeword.
  public let dimension: Int
  /// Number of codewords.
  public let size: Int
  /// Where the codewords come from.
  public let source: Source
  /// The codewords one after another, `[size, dimension]`.
  public let values: [Float]

  /// Bits of an index into this codebook: log2 of its size, rounded up.
  public var indexBitCount: Int { Int.bitWidth - (size - 1).leadingZeroBitCount }

  /// Draws a codebook of independent Gaussian noise.
  ///
  /// - Parameters:
  ///   - dimension: Elements of a codeword, one of `dimensions`.
  ///   - size: Number of codewords, one of `sizes`.
  ///   - seed: Chooses one of 2^64 codebooks.
  /// - Throws: `GaussianQuantError.codebookDimension` or `.codebookSize`.
  public init(dimension: Int, size: Int, seed: UInt64 = 0) throws(GaussianQuantError) {
    try Codebook.check(dimension: dimension, size: size)
    self.dimension = dimension
    self.size = size
    source = .philox(seed: seed)
    values = [Float](unsafeUninitializedCapacity: size * dimension) { buffer, count in
      for index in 0..<size {
        let codeword = UnsafeMutableBufferPointer(
          rebasing: buffer[index * dimension..<(index + 1) * dimension])
        Codebook.draw(UInt32(truncatingIfNeeded: index), seed: seed, into: codeword)
      }
      count = size * dimension
    }
  }

  /// Makes a codebook of any values.
  ///
  /// - Parameters:
  ///   - values: The codewords one after another, finite numbers; how many there are gives the size, one of `sizes`.
  ///   - dimension: Elements of a codeword, one of `dimensions`.
  /// - Throws: `GaussianQuantError.codebookDimension`, `.codebookSize`, `.codebookCount` or `.notFinite`.
  public init(values: [Float], dimension: Int) throws(GaussianQuantError) {
    guard Codebook.dimensions.contains(dimension) else {
      throw .codebookDimension(found: dimension, expected: Codebook.dimensions)
    }
    guard values.count.isMultiple(of: dimension) else {
      throw .codebookCount(found: values.count, expectedMultiple: dimension)
    }
    try self.init(checking: values, dimension: dimension, source: .values)
  }

  /// Makes the published codebook: scrambled Sobol points through the quantiles of the normal distribution.
  ///
  /// The same bits as the published code's, which takes the points from PyTorch and the quantiles from SciPy.
  ///
  /// - Parameters:
  ///   - dimension: Elements of a codeword, one of `dimensions`.
  ///   - size: Number of codewords, one of `sizes`.
  ///   - seed: Chooses the scrambling; only the low 32 bits count, as in PyTorch. 42 is the published choice.
  /// - Throws: `GaussianQuantError.codebookDimension`, `.codebookSize`, or `.notFinite` when a point lies on the edge of
  ///   the cube, which happens for one coordinate in 2^25 or so; another seed then helps.
  public static func sobol(
    dimension: Int, size: Int, seed: UInt64 = 42
  ) throws(GaussianQuantError) -> Codebook {
    try check(dimension: dimension, size: size)
    var points = SobolPoints(dimension: dimension, seed: UInt32(truncatingIfNeeded: seed))
    var values: [Float] = []
    values.reserveCapacity(size * dimension)
    for index in 0..<size {
      if index > 0 { points.advance() }
      for coordinate in points.point {
        // The published code has points in binary32.
        let probability = Double(Float(coordinate) * 0x1p-30)
        values.append(
          probability > 0 && probability < 1
            ? Float(NormalQuantile.unchecked(probability)) : .infinity)
      }
    }
    return try Codebook(checking: values, dimension: dimension, source: .sobol(seed: seed))
  }

  /// Takes whole codewords whose dimension was checked.
  private init(
    checking values: [Float], dimension: Int, source: Source
  ) throws(GaussianQuantError) {
    size = values.count / dimension
    try Codebook.check(dimension: dimension, size: size)
    for (position, value) in values.enumerated() where !value.isFinite {
      throw .notFinite(found: value, position: position)
    }
    self.dimension = dimension
    self.source = source
    self.values = values
  }

  private static func check(dimension: Int, size: Int) throws(GaussianQuantError) {
    guard dimensions.contains(dimension) else {
      throw .codebookDimension(found: dimension, expected: dimensions)
    }
    guard sizes.contains(size) else {
      throw .codebookSize(found: size, expected: sizes)
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

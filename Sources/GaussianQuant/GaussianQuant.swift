#if canImport(Darwin)
  import Darwin
#elseif canImport(Musl)
  import Musl
#else
  import Glibc
#endif

/// GaussianQuant: turns the posteriors of a Gaussian variational autoencoder into indices.
///
/// The encoder gives each latent element a mean and a log variance. Elements are taken together in
/// groups of `codebook.dimension`; a group is replaced by the codeword of a fixed codebook of
/// Gaussian noise that is likeliest under its posterior relative to the prior, and its index is what
/// is sent. Nothing is trained. Xu et al., *Vector Quantization using Gaussian Variational
/// Autoencoder*, arXiv 2512.06609.
///
///     let quantizer = try GaussianQuant(dimension: 3, size: 128)
///     // Six means, then six log variances, along axis 1; so there are two groups per position.
///     let input = [Float](repeating: 0, count: 12 * 64 * 64)
///     let result = try quantizer.quantize(input, shape: [1, 12, 64, 64], axis: 1)
///     // result.indicesShape is [1, 2, 64, 64], result.shape is [1, 6, 64, 64].
///     let codes = try quantizer.indicesToCodes(
///       result.indices, shape: result.indicesShape, axis: 1)
///     // codes.values equals result.values to the last bit.
public struct GaussianQuant: Sendable {
  /// The codewords.
  public let codebook: Codebook
  /// Weight of the prior in the score; 1 is the published choice.
  public let beta: Double
  /// Which channels make up a group.
  public let grouping: Grouping
  /// The log variances that are used; others are clamped to them.
  public let logVariances: ClosedRange<Double>

  /// The published range of log variances.
  public static let defaultLogVariances = -30.0...20.0

  /// The search of the codebook.
  package let search: CodebookSearch

  /// Makes a quantizer with a codebook of its own.
  ///
  /// - Parameters:
  ///   - dimension: Elements of a group, one of `Codebook.dimensions`.
  ///   - size: Number of codewords, one of `Codebook.sizes`.
  ///   - seed: Chooses one of 2^64 codebooks.
  ///   - beta: Weight of the prior in the score, a finite number.
  ///   - grouping: Which channels make up a group.
  ///   - logVariances: What log variances are clamped to.
  /// - Throws: `GaussianQuantError.codebookDimension`, `.codebookSize`, `.beta` or `.logVariances`.
  public init(
    dimension: Int, size: Int, seed: UInt64 = 0, beta: Double = 1, grouping: Grouping = .strided,
    logVariances: ClosedRange<Double> = GaussianQuant.defaultLogVariances
  ) throws(GaussianQuantError) {
    try self.init(
      codebook: Codebook(dimension: dimension, size: size, seed: seed), beta: beta,
      grouping: grouping, logVariances: logVariances)
  }

  /// Makes a quantizer with a codebook that is there already.
  ///
  /// - Parameters:
  ///   - codebook: The codewords.
  ///   - beta: Weight of the prior in the score, a finite number.
  ///   - grouping: Which channels make up a group.
  ///   - logVariances: What log variances are clamped to.
  /// - Throws: `GaussianQuantError.beta` or `.logVariances`.
  public init(
    codebook: Codebook, beta: Double = 1, grouping: Grouping = .strided,
    logVariances: ClosedRange<Double> = GaussianQuant.defaultLogVariances
  ) throws(GaussianQuantError) {
    guard beta.isFinite else {
      throw .beta(found: beta)
    }
    guard logVariances.lowerBound.isFinite, logVariances.upperBound.isFinite else {
      throw .logVariances(found: logVariances)
    }
    self.logVariances = logVariances
    self.codebook = codebook
    self.beta = beta
    self.grouping = grouping
    search = CodebookSearch(codebook: codebook, variances: .perElement, beta: beta)
  }

  /// The loss for training an encoder, which pulls the divergence of a group towards the index's bits.
  public var targetDivergence: TargetDivergence {
    TargetDivergence(target: log2(Double(codebook.size)))
  }

  /// Quantizes posteriors. Inverse, from the indices on: `indicesToCodes(_:shape:axis:)`.
  ///
  /// - Parameters:
  ///   - input: In row-major order; along the axis the means of all channels, then as many log
  ///     variances. A log variance is clamped to `logVariances`.
  ///   - shape: Any rank above zero, every extent at least 1.
  ///   - axis: The axis of the channels, counted from the back if negative. Half its extent is a
  ///     multiple of the codebook's dimension, and that multiple is the number of groups.
  /// - Returns: Values, indices and divergences.
  /// - Throws: `GaussianQuantError.axis`, `.shape`, `.count`, `.channels` or `.notFinite`.
  public func quantize(
    _ input: [Float], shape: [Int], axis: Int
  ) throws(GaussianQuantError) -> Quantization {
    let groups = try self.groups(input, shape: shape, axis: axis)
    let (layout, dimension) = (groups.layout, codebook.dimension)
    var divergences = [Double](repeating: 0, count: groups.total)
    let indices = search.nearest(groupCount: groups.total) { index, linear, quadratic in
      let (outer, group, inner) = groups.place(of: index)
      var divergence = 0.0
      for element in 0..<dimension {
        let channel = groups.channel(of: element, in: group)
        let mean = (outer * layout.extent + channel) * layout.inner + inner
        let logVariance = mean + layout.extent / 2 * layout.inner
        let posterior = Posterior(
          mean: input[mean], logVariance: input[logVariance], range: logVariances)
        let precision = 1 / posterior.variance
        linear[element] = posterior.mean * precision
        quadratic[element] = (beta - precision) / 2
        divergence += posterior.divergence
      }
      divergences[index] = divergence
    }
    return Quantization(
      values: values(of: indices, groups), shape: layout.shape(withExtent: layout.extent / 2),
      indices: indices, indicesShape: layout.shape(withExtent: groups.count),
      divergences: divergences)
  }

  /// The posteriors of an input by themselves: means, standard deviations, divergences, samples and gradients.
  ///
  /// - Parameters:
  ///   - input: As for `quantize(_:shape:axis:)`.
  ///   - shape: Any rank above zero, every extent at least 1.
  ///   - axis: The axis of the channels, counted from the back if negative.
  /// - Throws: as `quantize(_:shape:axis:)`.
  public func posteriors(
    _ input: [Float], shape: [Int], axis: Int
  ) throws(GaussianQuantError) -> Posteriors {
    let groups = try self.groups(input, shape: shape, axis: axis)
    let layout = groups.layout
    var (means, deviations) = ([Float](), [Float]())
    var (isClamped, groupNumbers) = ([Bool](), [Int]())
    var divergences = [Double](repeating: 0, count: groups.total)
    let half = layout.extent / 2
    for outer in 0..<layout.outer {
      for channel in 0..<half {
        let group = grouping.group(
          channel: channel, groupCount: groups.count, dimension: codebook.dimension)
        for inner in 0..<layout.inner {
          let mean = (outer * layout.extent + channel) * layout.inner + inner
          let logVariance = input[mean + half * layout.inner]
          let posterior = Posterior(
            mean: input[mean], logVariance: logVariance, range: logVariances)
          means.append(input[mean])
          deviations.append(Float(posterior.deviation))
          isClamped.append(!logVariances.contains(Double(logVariance)))
          let number = (outer * groups.count + group) * layout.inner + inner
          groupNumbers.append(number)
          divergences[number] += posterior.divergence
        }
      }
    }
    return Posteriors(
      means: means, deviations: deviations, shape: layout.shape(withExtent: half),
      divergences: divergences, isClamped: isClamped, groups: groupNumbers,
      block: half * layout.inner)
  }

  /// The values that belong to indices. Inverse of `quantize(_:shape:axis:)` as far as there is one.
  ///
  /// - Parameters:
  ///   - indices: In row-major order, each below the codebook's size.
  ///   - shape: Any rank above zero, every extent at least 1.
  ///   - axis: The axis of the groups, counted from the back if negative.
  /// - Returns: The values in row-major order and their shape, which has the codebook's dimension
  ///   times as many channels along the axis.
  /// - Throws: `GaussianQuantError.axis`, `.shape`, `.count` or `.index`.
  public func indicesToCodes(
    _ indices: [UInt32], shape: [Int], axis: Int
  ) throws(GaussianQuantError) -> (values: [Float], shape: [Int]) {
    let layout = try AxisLayout(shape: shape, axis: axis, count: indices.count)
    guard !indices.count.multipliedReportingOverflow(by: codebook.dimension).overflow else {
      throw .shape(found: shape)
    }
    for (position, index) in indices.enumerated() where index >= codebook.size {
      throw .index(found: index, expected: 0..<codebook.size, position: position)
    }
    let groups = Groups(layout: layout, count: layout.extent, owner: self)
    return (
      values(of: indices, groups),
      layout.shape(withExtent: layout.extent * codebook.dimension)
    )
  }

  /// The groups of an input that was checked.
  private func groups(
    _ input: [Float], shape: [Int], axis: Int
  ) throws(GaussianQuantError) -> Groups {
    let layout = try AxisLayout(shape: shape, axis: axis, count: input.count)
    guard layout.extent.isMultiple(of: 2 * codebook.dimension) else {
      throw .channels(found: layout.extent, expectedMultiple: 2 * codebook.dimension)
    }
    try check(input, layout)
    return Groups(layout: layout, count: layout.extent / (2 * codebook.dimension), owner: self)
  }

  /// Throws if a mean is not finite or a log variance is not a number.
  private func check(_ input: [Float], _ layout: AxisLayout) throws(GaussianQuantError) {
    let half = layout.extent / 2 * layout.inner
    for (position, value) in input.enumerated() where !value.isFinite {
      let isMean = position % (2 * half) < half
      if isMean || value.isNaN {
        throw .notFinite(found: value, position: position)
      }
    }
  }

  /// Looks up the codewords and puts their elements in place.
  private func values(of indices: [UInt32], _ groups: Groups) -> [Float] {
    let dimension = codebook.dimension
    let channelCount = groups.count * dimension
    var values = [Float](repeating: 0, count: indices.count * dimension)
    for (position, index) in indices.enumerated() {
      let (outer, group, inner) = groups.place(of: position)
      for element in 0..<dimension {
        let channel = groups.channel(of: element, in: group)
        values[(outer * channelCount + channel) * groups.layout.inner + inner] =
          codebook.values[Int(index) * dimension + element]
      }
    }
    return values
  }

  /// The groups of an array and where their elements are.
  private struct Groups {
    /// The array.
    let layout: AxisLayout
    /// Groups along the axis.
    let count: Int
    /// Whose grouping and dimension hold.
    let owner: GaussianQuant

    /// Groups of the whole array.
    var total: Int { layout.outer * count * layout.inner }

    /// Where the group with a given number in row-major order lies.
    func place(of index: Int) -> (outer: Int, group: Int, inner: Int) {
      let (row, inner) = index.quotientAndRemainder(dividingBy: layout.inner)
      let (outer, group) = row.quotientAndRemainder(dividingBy: count)
      return (outer, group, inner)
    }

    /// The channel of an element of a group.
    func channel(of element: Int, in group: Int) -> Int {
      owner.grouping.channel(
        element: element, group: group, groupCount: count, dimension: owner.codebook.dimension)
    }
  }
}

internal import CGQKernels

/// Finds the path through a trellis of highest score: the quantizer's inner loop, by Viterbi's algorithm.
///
/// The score is GaussianQuant's, summed over the steps: a step whose element has the posterior
/// N(mean, variance) and that emits c adds
///
///     log N(c; mean, variance) - beta log N(c; 0, 1)
///
/// (Xu et al., *Vector Quantization using Gaussian Variational Autoencoder*, arXiv 2512.06609). Sums
/// are of integers in units of 1/16 nat, or binary32 where their range is too small; they are the same
/// on every machine, and among equal ones the lower state wins. A search is immutable and can be shared
/// between threads; every call runs on the thread that makes it.
public struct TrellisSearch: Sendable {
  /// The trellis that is searched.
  public let trellis: Trellis
  /// Weight of the prior in the score; 1 is the published choice.
  public let beta: Float
  private let tables: TrellisTables

  /// Prepares a search.
  ///
  /// - Parameters:
  ///   - trellis: The codebook.
  ///   - beta: Weight of the prior, a finite number.
  public init(trellis: Trellis, beta: Float = 1) {
    precondition(beta.isFinite, "beta is a finite number")
    self.trellis = trellis
    self.beta = beta
    tables = TrellisTables(trellis)
  }

  /// The best path from one state. The same as `bestPath(means:variances:bits:fromAnyOf:)` with a single start.
  public func bestPath(
    means: Span<Float>, variances: Span<Float>, bits: [UInt8], from start: UInt32
  ) throws(GaussianQuantError) -> [UInt32] {
    try bestPath(means: means, variances: variances, bits: bits, fromAnyOf: start..<start + 1)
      .codes
  }

  /// The best path from any of some states.
  ///
  /// - Parameters:
  ///   - means: One per step, finite.
  ///   - variances: One per step, above zero.
  ///   - bits: Bits of each step, each one of `trellis.stepBits`.
  ///   - starts: The states that may precede the first step: a power of two of them, from a multiple of it on.
  /// - Returns: The state before the first step, and the bits of each. Counts that differ, and bits or starts outside their
  ///   range stop the program.
  /// - Throws: `GaussianQuantError.outOfMemory`.
  public func bestPath(
    means: Span<Float>, variances: Span<Float>, bits: [UInt8], fromAnyOf starts: Range<UInt32>
  ) throws(GaussianQuantError) -> (start: UInt32, codes: [UInt32]) {
    let count = bits.count
    precondition(means.count == count && variances.count == count, "every step has a posterior")
    let allowed = trellis.stepBits
    precondition(bits.allSatisfy { allowed.contains(Int($0)) }, "steps have bits of the trellis")
    precondition(
      !starts.isEmpty && starts.upperBound <= 1 << UInt32(trellis.stateBitCount)
        && starts.count & (starts.count - 1) == 0
        && starts.lowerBound % UInt32(starts.count) == 0,
      "starts are an aligned power of two of states")
    var start = starts.lowerBound
    guard count > 0 else { return (start, []) }
    var linear = [Float](repeating: 0, count: count)
    var quadratic = linear
    for step in 0..<count {
      // Where numbers would leave the range of binary32, nothing that a step can emit is nearer.
      let precision = min(1 / variances[step], 1e30)
      linear[step] = min(max(means[step] * precision, -1e32), 1e32)
      quadratic[step] = (precision - beta) / 2
    }
    var status: Int32 = -1
    let codes = [UInt32](unsafeUninitializedCapacity: count) { codes, initialized in
      if let pointer = tables.pointer {
        status = gq_trellis_search(
          pointer, count, bits, linear, quadratic, UInt32(starts.count), &start,
          codes.baseAddress)
      }
      initialized = status == 0 ? count : 0
    }
    guard status == 0 else {
      throw .outOfMemory(byteCount: count << (trellis.stateBitCount - 3))
    }
    return (start, codes)
  }
}

/// What searches of a trellis share: tables that are made when they are needed first.
private final class TrellisTables: @unchecked Sendable {
  /// Nil when memory was short.
  let pointer: OpaquePointer?

  init(_ trellis: Trellis) {
    pointer = gq_trellis_create(
      trellis.quantiles, trellis.places, UInt32(trellis.stateBitCount))
  }

  deinit { gq_trellis_free(pointer) }
}

/// The posteriors that an encoder's output describes, for training and analysis; nothing is quantized.
///
/// ``GaussianQuant/posteriors(_:shape:axis:)`` makes it. Arrays are in row-major order; ``shape`` is theirs.
public struct Posteriors: Sendable, Equatable {
  /// Mean of every element; the published `mu`.
  public let means: [Float]
  /// Standard deviation of every element; the published `std`.
  public let deviations: [Float]
  /// Shape of both: that of the input with half the channels along the axis.
  public let shape: [Int]
  /// Divergence of each group's posterior from the prior in bits, in the order of the indices.
  public let divergences: [Double]

  /// Whether an element's log variance was clamped, so that nothing depends on it.
  private let isClamped: [Bool]
  /// The group of every element, a place in `divergences`.
  private let groups: [Int]
  /// Elements of half the channels of one outer place: as many means, then as many log variances stand in the input.
  private let block: Int

  init(
    means: [Float], deviations: [Float], shape: [Int], divergences: [Double], isClamped: [Bool],
    groups: [Int], block: Int
  ) {
    self.means = means
    self.deviations = deviations
    self.shape = shape
    self.divergences = divergences
    self.isClamped = isClamped
    self.groups = groups
    self.block = block
  }

  /// Mean, smallest and largest of the divergences.
  public var divergence: DivergenceSummary { DivergenceSummary(divergences) }

  /// One sample of every posterior; the published `zhat_noquant`.
  ///
  /// - Parameter seed: Chooses one of 2^64 samples, the same on every machine but for the last bit of an exponential.
  public func sample(seed: UInt64) -> PosteriorSample {
    let key = (UInt32(truncatingIfNeeded: seed), UInt32(truncatingIfNeeded: seed >> 32))
    var (values, noise) = ([Float](), [Float]())
    values.reserveCapacity(means.count)
    noise.reserveCapacity(means.count)
    for first in stride(from: 0, to: means.count, by: 4) {
      let block = UInt64(first / 4)
      let words = Philox.block(
        counter: (
          UInt32(truncatingIfNeeded: block), UInt32(truncatingIfNeeded: block >> 32), 0,
          Self.purpose
        ), key: key)
      for (place, word) in zip(
        first..<means.count, [words.0, words.1, words.2, words.3])
      {
        let normal = Float(NormalQuantile.unchecked((Double(word) + 0.5) * 0x1p-32))
        noise.append(normal)
        values.append(
          Float(Double(means[place]) + Double(normal) * Double(deviations[place])))
      }
    }
    return PosteriorSample(values: values, noise: noise, posteriors: self)
  }

  /// The gradient of a loss with respect to the input, means and log variances, for the weights that the loss has now.
  ///
  /// - Parameter loss: The loss; that of `divergences` is `loss.loss(of:)`.
  /// - Returns: As many values as the input has, in its order.
  public func inputGradient(of loss: TargetDivergence) -> [Float] {
    let scale = loss.weight / Double(divergences.count) * Posterior.bitsPerNat * 0.5
    return inputGradient { element in
      let weight = scale * loss.weight(of: divergences[groups[element]])
      let deviation = Double(deviations[element])
      return (2 * Double(means[element]) * weight, (deviation * deviation - 1) * weight)
    }
  }

  /// Puts an element's gradients with respect to its mean and its log variance where the input has these.
  fileprivate func inputGradient(_ gradient: (Int) -> (Double, Double)) -> [Float] {
    var result = [Float](repeating: 0, count: 2 * means.count)
    for element in means.indices {
      let place = element / block * 2 * block + element % block
      let (mean, logVariance) = gradient(element)
      result[place] = Float(mean)
      result[place + block] = isClamped[element] ? 0 : Float(logVariance)
    }
    return result
  }

  /// Marks samples among all uses of the generator: "GQSN".
  private static let purpose: UInt32 = 0x4751_534E
}

/// A sample of every posterior, with the gradient that training needs.
///
/// For a straight-through estimate take ``Quantization/values`` of the same input forward and this type's gradient
/// backward, as the published module does with `use_ste`.
public struct PosteriorSample: Sendable, Equatable {
  /// Mean plus noise times standard deviation, for every element.
  public let values: [Float]
  /// The standard normal noise of every element.
  public let noise: [Float]
  /// What was sampled.
  public let posteriors: Posteriors

  /// The gradient with respect to the input, means and log variances, of something that depends on the values.
  ///
  /// - Parameter gradient: Its gradient with respect to `values`; a wrong number of values stops the program.
  /// - Returns: As many values as the input has, in its order.
  public func inputGradient(_ gradient: [Float]) -> [Float] {
    precondition(gradient.count == values.count, "every value has a gradient")
    return posteriors.inputGradient { element in
      let upstream = Double(gradient[element])
      return (
        upstream, upstream * Double(noise[element]) * Double(posteriors.deviations[element]) / 2
      )
    }
  }
}

import GQCodec
import GQMetrics
import GQModel

/// A score that a file shall reach.
enum ScoreTarget {
  case ssimulacra2(Double)
  case psnr(Double)

  /// The options of the smallest file found that reaches the score, and its score.
  ///
  /// Every attempt is decoded and compared, with alpha on black and on white, of which the worse counts. Quality is searched
  /// in steps of an eighth, about 1 % of the bytes.
  func search(
    _ picture: Picture, _ network: Network, _ options: EncodingOptions
  ) throws -> (options: EncodingOptions, score: Double) {
    let (encoder, decoder) = (GQEncoder(network: network), GQDecoder(network: network))
    let score = try scorer(picture)
    let result = try TargetSearch<EncodingOptions>.smallest(
      reaching: value, tolerance: tolerance, settings: 0...100,
      start: EncodingOptions.defaultQuality
    ) { quality in
      var options = options
      options.target = .quality(quality)
      let bytes = try encoder.encode(picture, options: options).bytes
      return .init(
        setting: quality, score: try score(try decoder.decode(bytes)), byteCount: bytes.count,
        file: options)
    }
    if let best = result.best { return (best.file, best.score) }
    guard options.graphics == .auto, !options.uniform else {
      throw ScoreNotReached(
        description: "--\(name) \(fixed(value, 2)) cannot be reached: the best file has "
          + fixed(result.highest.score, 2))
    }
    // What no quality reaches every sample as it is does.
    var exact = options
    exact.isLossless = true
    exact.target = .quality(100)
    return (exact, try score(try decoder.decode(try encoder.encode(picture, options: exact).bytes)))
  }

  /// As an option.
  var name: String {
    switch self {
    case .ssimulacra2: "ssimulacra2"
    case .psnr: "psnr"
    }
  }

  /// A score for people.
  func text(_ score: Double) -> String {
    switch self {
    case .ssimulacra2: "SSIMULACRA2 \(fixed(score, 2))"
    case .psnr: score.isFinite ? "PSNR \(fixed(score, 2)) dB" : "without loss"
    }
  }

  private var value: Double {
    switch self {
    case .ssimulacra2(let value), .psnr(let value): value
    }
  }

  /// How far above the target is near enough: less than a step of quality does.
  private var tolerance: Double {
    switch self {
    case .ssimulacra2: 0.03
    case .psnr: 0.005
    }
  }

  private func scorer(_ original: Picture) throws -> (Picture) throws -> Double {
    switch self {
    case .ssimulacra2:
      let metric = SSIMULACRA2(reference: original)
      return { picture in
        guard let score = try metric.score(picture) else {
          throw ScoreNotReached(
            description:
              "a picture with a side below \(SSIMULACRA2.minimumSide) pixels has no SSIMULACRA2")
        }
        return score
      }
    case .psnr:
      let backgrounds: [UInt8] = original.alpha == nil ? [0] : [0, 255]
      return { picture in
        try backgrounds.map {
          try PSNR.decibels(original.flattened(on: $0), picture.flattened(on: $0))
        }.min() ?? 0
      }
    }
  }
}

/// No file has the score that was asked for.
private struct ScoreNotReached: Error, CustomStringConvertible {
  let description: String
}

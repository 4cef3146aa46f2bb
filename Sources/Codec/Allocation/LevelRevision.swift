import GQModel

/// Corrects the expected errors of levels by what coding a picture has shown.
///
/// Predictions hold for content like that of the training. On other content a level may do many times worse than
/// predicted, and then nothing is known of the levels beside it either. More bits are first taken to help no more than
/// the level that failed; where the cheaper level then chosen fails too, fewer bits are taken to be no better instead.
struct LevelRevision {
  /// A level that failed at a position first, and what had been expected there.
  private struct Failure {
    let level: Int
    let error: Float
    let expected: [Float]
  }

  private let network: Network
  private var failures: [Int: Failure] = [:]

  init(network: Network) { self.network = network }

  /// Distortion per squared error: 1, or what a visual distortion of about the same annoyance is.
  private var unit: Float { network.tuning == .psnr ? 1 : 127.5 * 127.5 / 12 }

  /// A measured squared error in units of the expected errors.
  func distortion(_ squaredError: Float) -> Float { squaredError * unit }

  /// Squared errors per sample of 8 bits that are never called a failure.
  private static let tolerated: Float = 20
  /// How many times the error that is usual in the picture, beside what was expected, is not called a failure.
  private static let tolerance: Float = 5
  /// Bounds of what is usual: texture hides squared error, so that visual distortions expect less of it.
  private static let usual: ClosedRange<Float> = 1...3
  /// The least share of failures' errors in all errors that matters.
  private static let share: Float = 0.15
  /// A single failure matters from so many times what was expected, and so many times what is tolerated.
  private static let (farOff, visible): (Float, Float) = (30, 20)

  /// The median of errors beside what was expected of them, within bounds.
  private func usual(_ errors: LevelErrors, levels: [UInt8], measured: [Float]) -> Float {
    let bits = network.levels.bits
    let ratios = levels.enumerated().compactMap { position, level -> Float? in
      guard bits[Int(level)] > 0, measured[position] > 0 else { return nil }
      return distortion(measured[position]) / errors[position][Int(level)]
    }
    guard !ratios.isEmpty else { return Self.usual.lowerBound }
    let median = ratios.sorted()[ratios.count / 2]
    return min(max(median, Self.usual.lowerBound), Self.usual.upperBound)
  }

  /// Takes the measured squared errors of a coded picture and corrects what is expected.
  ///
  /// - Returns: whether levels failed that matter: positions that are far off, or many.
  mutating func learn(
    _ errors: inout LevelErrors, levels: [UInt8], measured: [Float]
  ) -> Bool {
    let bits = network.levels.bits
    let tolerance = Self.tolerance * usual(errors, levels: levels, measured: measured)
    var (total, excess): (Float, Float) = (0, 0)
    var isFarOff = false
    for (position, level) in levels.enumerated() {
      let level = Int(level)
      let samples = errors.samples(position)
      let error = distortion(measured[position])
      let expected = errors[position][level]
      let slack = distortion(samples * Self.tolerated / (127.5 * 127.5))
      total += error
      guard error > tolerance * expected + slack else {
        if failures[position] != nil { errors[position][level] = error }
        continue
      }
      excess += error - expected
      if error > max(Self.visible * slack, Self.farOff * expected) { isFarOff = true }
      var row = errors[position]
      if let first = failures[position] {
        row = first.expected
        for other in bits.indices where bits[other] <= bits[first.level] {
          row[other] = max(row[other], first.error)
        }
      } else {
        failures[position] = Failure(level: level, error: error, expected: row)
        for other in bits.indices where bits[other] >= bits[level] {
          row[other] = max(row[other], error)
        }
      }
      row[level] = error
      errors[position] = row
    }
    return isFarOff || excess > Self.share * total
  }
}

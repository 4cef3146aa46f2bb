import GQModel

/// Corrects the expected errors of levels by what coding a picture has shown.
///
/// A position whose mean is off is seen as a block; up to twice the bits are then taken to be no better.
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
  /// The positions that were far off when errors were last learned from.
  private(set) var farOff: [Int] = []

  init(network: Network) { self.network = network }

  /// Distortion per squared error: 1, or what a visual distortion of about the same annoyance is.
  private var unit: Float { network.tuning == .psnr ? 1 : 127.5 * 127.5 / 12 }

  /// A measured squared error in units of the expected errors.
  func distortion(_ squaredError: Float) -> Float { squaredError * unit }

  /// Mean squares of the components' mean errors, in levels of 8 bits, that are seen; and how many times what is above counts.
  /// 1 of 10,000 positions of photographs at SSIMULACRA2 50, 8 at 40.
  private static let (seenShift, shiftWeight): (Float, Float) = (100, 16)

  /// What a position's shift adds to its squared error, of so many samples.
  private func penalty(_ shift: Float, samples: Float) -> Float {
    Self.shiftWeight * max(0, shift - 0.64 * samples * Self.seenShift / (127.5 * 127.5))
  }

  /// The cost of a coded picture's errors.
  func cost(_ measured: DecodedErrors.Found, _ errors: LevelErrors) -> Double {
    measured.squares.indices.reduce(0.0) { sum, position in
      sum
        + network.tuning.norm.cost(
          Double(
            distortion(
              measured.squares[position]
                + penalty(measured.shifts[position], samples: errors.samples(position)))),
          reciprocal: 1 / Double(errors.samples(position)))
    }
  }

  /// Squared errors per sample of 8 bits that are never called a failure.
  private static let tolerated: Float = 20
  /// How many times the expected error is not called a failure. Texture hides squared error, so that visual distortions expect
  /// less of it: up to 8 times less in 99 of 100 positions of photographs.
  private var tolerance: Float { network.tuning == .psnr ? 6 : 10 }
  /// The least share of failures' errors in all errors that matters.
  private static let share: Float = 0.15
  /// A failure is far off from so many times what was expected, and so many times what is tolerated.
  private static let (farOffRatio, visible): (Float, Float) = (30, 5)
  /// One position that is far off matters among so many.
  private static let crowd = 16384

  /// Takes the measured errors of a coded picture and corrects what is expected.
  ///
  /// - Returns: whether levels failed that matter: positions that are far off, or many.
  mutating func learn(
    _ errors: inout LevelErrors, levels: [UInt8], measured: DecodedErrors.Found
  ) -> Bool {
    let bits = network.levels.bits
    var (total, excess): (Float, Float) = (0, 0)
    farOff = []
    for (position, level) in levels.enumerated() {
      let level = Int(level)
      let samples = errors.samples(position)
      let shift = measured.shifts[position]
      let error = distortion(measured.squares[position] + penalty(shift, samples: samples))
      let expected = errors[position][level]
      let slack = distortion(samples * Self.tolerated / (127.5 * 127.5))
      total += error
      if shift > samples * Self.seenShift / (127.5 * 127.5) {
        farOff.append(position)
        // Twice the bits, since there are few passes.
        var row = errors[position]
        for other in bits.indices where bits[other] <= 2 * bits[level] {
          row[other] = max(row[other], error)
        }
        row[level] = error
        errors[position] = row
        continue
      }
      guard error > tolerance * expected + slack else {
        if failures[position] != nil { errors[position][level] = error }
        continue
      }
      excess += error - expected
      if error > max(Self.visible * slack, Self.farOffRatio * expected) {
        farOff.append(position)
      }
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
    return !farOff.isEmpty && farOff.count * Self.crowd >= levels.count
      || excess > Self.share * total
  }
}

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
  /// How many times the expected error is not called a failure: visual distortion and squared error differ by more.
  private var tolerance: Float { network.tuning == .psnr ? 6 : 5 }

  /// Takes the measured squared errors of a coded picture and corrects what is expected.
  ///
  /// - Returns: whether levels failed that matter: positions that are far off, or many.
  mutating func learn(
    _ errors: inout LevelErrors, levels: [UInt8], measured: [Float]
  ) -> Bool {
    let bits = network.levels.bits
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
      if error > 20 * slack { isFarOff = true }
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
    return isFarOff || excess > 0.03 * total
  }
}

import GQModel

/// Corrects the expected errors of levels by what coding a picture has shown.
///
/// Predictions hold for content like that of the training, but for single positions: fewer bits than failed are taken to be no
/// better there, and up to twice as many where much is wrong or the mean is off, which is seen as a block.
/// On other content a level may do many times worse than predicted, and then nothing is known of the levels beside it either.
/// More bits are first taken to help no more than the level that failed; where the cheaper level then chosen fails too, fewer
/// bits are taken to be no better instead.
struct LevelRevision {
  /// A level that failed at a position first, and what had been expected there.
  private struct Failure {
    let level: Int
    let error: Float
    let expected: [Float]
  }

  private let network: Network
  private var failures: [Int: Failure] = [:]
  /// The positions that failed when errors were last learned from and how they erred, and those of them that were far off.
  private(set) var (failed, farOff): ([Measured], [Int]) = ([], [])
  /// Whether so many failed that the content seems unlike that of the training, and whether few were far off and little else was
  /// wrong.
  private(set) var (isUnlike, isFarOffAlone) = (false, false)

  init(network: Network) { self.network = network }

  /// Distortion per squared error: 1, or what a visual distortion of about the same annoyance is.
  private var unit: Float { network.tuning == .psnr ? 1 : 127.5 * 127.5 / 12 }

  /// A measured squared error in units of the expected errors.
  func distortion(_ squaredError: Float) -> Float { squaredError * unit }

  /// Mean squares of the components' mean errors, in levels of 8 bits, that are seen: on calm ground, where they are more than
  /// half of the squared error, and elsewhere; and how many times what is above counts.
  private static let (seenShift, seenOnCalm, shiftWeight): (Float, Float, Float) = (100, 25, 16)
  /// The same beside graphics, where what is exact begins and positions without bits tell predictions nothing.
  private static let seenBesideGraphics: Float = 8
  /// The same on flat ground, and about the most bits that a position of it takes without loss.
  private static let (seenOnFlat, flatBits): (Float, Float) = (2, 32)

  private func isBesideGraphics(_ position: Int, _ errors: LevelErrors) -> Bool {
    errors.neighbours(position).contains { errors.isCleared($0) }
  }

  /// Whether a position's mean is off by more than may be seen beside graphics.
  private func isShiftedBesideGraphics(
    _ measured: DecodedErrors.Found, _ position: Int, _ samples: Float
  ) -> Bool {
    measured.shifts[position] > samples * Self.seenBesideGraphics / (127.5 * 127.5)
  }

  /// What is seen of a position's shift.
  private func seenShift(_ measured: DecodedErrors.Found, _ position: Int, _ samples: Float)
    -> Float
  {
    let isCalm = 2 * measured.shifts[position] > measured.squares[position]
    return samples * (isCalm ? Self.seenOnCalm : Self.seenShift) / (127.5 * 127.5)
  }

  /// The distortion of a position as measured, with what its shift adds.
  private func error(_ measured: DecodedErrors.Found, _ position: Int, _ samples: Float) -> Float {
    let excess = measured.shifts[position] - 0.64 * seenShift(measured, position, samples)
    return distortion(measured.squares[position] + Self.shiftWeight * max(0, excess))
  }

  /// The cost of a coded picture's errors.
  func cost(_ measured: DecodedErrors.Found, _ errors: LevelErrors) -> Double {
    measured.squares.indices.reduce(0.0) { sum, position in
      sum
        + network.tuning.norm.cost(
          Double(error(measured, position, errors.samples(position))),
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
  static let crowd = 16384
  /// Far-off positions are few where there is less than one among so many.
  private static let few = 2048
  /// Up to so many times the bits of a level that is far off are taken to be no better, since there are few passes.
  private static let raise = 8
  /// Content is unlike that of the training where one among so many failed.
  private static let unlike = 32

  /// From which visibility of a block on a picture is coded again, and from which one on a position is corrected then: so much, and
  /// so many times the square of the mean root.
  private typealias VisibilityLimit = (least: Float, squares: Float)
  private static let (visibleBlock, correctedBlock): (VisibilityLimit, VisibilityLimit) = (
    (1.2, 12), (0.5, 4)
  )
  /// How many times a level with a visible block is taken to err what was expected.
  private static let corrections: (least: Float, most: Float) = (1.3, 16)

  typealias Measured = (position: Int, error: Float)

  /// Takes the levels of positions with visible blocks to be worse than was expected, if there are blocks that matter: the level
  /// that was chosen as many times as it errs more, at most twice its visibility beyond the limit, the position's other levels by
  /// the root of that.
  ///
  /// - Returns: whether there are such blocks.
  func correctVisible(
    _ errors: inout LevelErrors, levels: [UInt8], measured: DecodedErrors.Found
  ) -> Bool {
    guard network.tuning == .visual else { return false }
    let sum = measured.visibility.reduce(0) { $0 + $1.squareRoot() }
    let mean = sum / Float(max(1, measured.visibility.count { $0 > 0 }))
    func limit(_ limit: VisibilityLimit) -> Float { max(limit.least, limit.squares * mean * mean) }
    let (visible, corrected) = (limit(Self.visibleBlock), limit(Self.correctedBlock))
    guard measured.visibility.contains(where: { $0 > visible }) else { return false }
    for (position, level) in levels.enumerated()
    where measured.visibility[position] > corrected && !errors.isCleared(position) {
      let error = error(measured, position, errors.samples(position))
      let expected = errors[position][Int(level)]
      let most = min(2 * measured.visibility[position] / corrected, Self.corrections.most)
      let ratio = max(Self.corrections.least, min(error / expected, most))
      errors[position] = errors[position].map { $0 * ratio.squareRoot() }
      errors[position][Int(level)] = expected * ratio
    }
    return true
  }

  /// A squared error per sample that is never called a failure.
  private func tolerated(_ measured: DecodedErrors.Found, _ errors: LevelErrors) -> Float {
    var (total, samples): (Float, Float) = (0, 0)
    for position in measured.squares.indices where measured.squares[position] > 0 {
      total += measured.squares[position]
      samples += errors.samples(position)
    }
    let mean = samples > 0 ? total / samples : 0
    return distortion(min(Self.tolerated / (127.5 * 127.5), Self.toleratedMeans * mean))
  }

  private func isFarOff(_ error: Float, expected: Float, tolerated: Float) -> Bool {
    error > max(Self.visible * tolerated, Self.farOffRatio * expected)
  }

  /// The candidates for graphics that take next to nothing without loss and whose mean is off: on flat ground that is seen first.
  func shifted(
    _ candidates: GraphicsCandidates, _ measured: DecodedErrors.Found, _ errors: LevelErrors
  ) -> [Int] {
    candidates.mask.indices.filter { position in
      candidates.mask[position] && candidates.bits[position] <= Self.flatBits
        && measured.shifts[position]
          > errors.samples(position) * Self.seenOnFlat / (127.5 * 127.5)
    }
  }

  /// From so many bits on a position costs little more without loss.
  private static let costly = 1024
  /// In a picture of small errors what is tolerated is so many times their mean.
  private static let toleratedMeans: Float = 2

  /// The positions that are far off from what was expected and better kept without loss: those beside a mask, and those that have
  /// many bits already.
  func farOff(
    beside mask: [Bool], levels: [UInt8], measured: DecodedErrors.Found, expected: LevelErrors
  ) -> [Int] {
    let tolerated = tolerated(measured, expected)
    return levels.indices.filter { position in
      guard !mask[position] else { return false }
      let samples = expected.samples(position)
      let error = error(measured, position, samples)
      let own = expected[position][Int(levels[position])]
      if expected.neighbours(position).contains(where: { mask[$0] }) {
        return error > max(Self.visible * samples * tolerated, tolerance * own)
          || isShiftedBesideGraphics(measured, position, samples)
      }
      return network.levels.bits[Int(levels[position])] >= Self.costly
        && isFarOff(error, expected: own, tolerated: samples * tolerated)
    }
  }

  /// Takes the measured errors of a coded picture and corrects what is expected.
  ///
  /// - Returns: whether levels failed that matter: positions that are far off, or many.
  mutating func learn(
    _ errors: inout LevelErrors, levels: [UInt8], measured: DecodedErrors.Found
  ) -> Bool {
    let bits = network.levels.bits
    let tolerated = tolerated(measured, errors)
    var (total, excess): (Float, Float) = (0, 0)
    farOff = []
    var (shifted, unforeseen): ([Measured], [Measured]) = ([], [])
    for (position, level) in levels.enumerated() {
      let samples = errors.samples(position)
      let error = error(measured, position, samples)
      let expected = errors[position][Int(level)]
      let slack = samples * tolerated
      total += error
      let isShifted =
        measured.shifts[position] > seenShift(measured, position, samples)
        || isShiftedBesideGraphics(measured, position, samples)
          && isBesideGraphics(position, errors)
      if isShifted || isFarOff(error, expected: expected, tolerated: slack) {
        farOff.append(position)
      }
      if isShifted {
        shifted.append((position, error))
      } else if error > tolerance * expected + slack {
        excess += error - expected
        unforeseen.append((position, error))
      } else if failures[position] != nil {
        errors[position][Int(level)] = error
      }
    }
    // Where few are far off bits for them and those beside them, which are predicted from them, cost little.
    let isRare = farOff.count * Self.few < levels.count
    failed = shifted + unforeseen
    isUnlike = failed.count * Self.unlike > levels.count
    let isFarOff = Set(farOff)
    func raise(_ position: Int, by factor: Int, _ error: Float) {
      errors.raise(position, bits, upTo: factor * bits[Int(levels[position])], to: error)
    }
    let farOffFactor = isRare && levels.count >= Self.crowd ? Self.raise : 2
    for (position, error) in shifted { raise(position, by: farOffFactor, error) }
    for (position, error) in unforeseen {
      let level = Int(levels[position])
      if !isUnlike || isRare && isFarOff.contains(position) {
        raise(position, by: isFarOff.contains(position) ? farOffFactor : 1, error)
        continue
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
    for position in farOff where isRare {
      for neighbour in errors.neighbours(position) where !isFarOff.contains(neighbour) {
        raise(neighbour, by: 2, errors[position][Int(levels[position])])
      }
    }
    let areMany = excess > Self.share * total
    isFarOffAlone = isRare && !areMany
    return areMany || !farOff.isEmpty && farOff.count * Self.crowd >= levels.count
  }
}

/// The search for the smallest file that reaches a score, in as few attempts as it takes.
///
/// Scores are taken to rise with the encoder's setting; where they do not quite, the smallest file that was tried and reaches
/// the score is found.
package struct TargetSearch<File> {
  /// A file that was tried.
  package struct Attempt {
    /// The setting that made it.
    package let setting: Double
    /// What it is scored.
    package let score: Double
    /// Its size.
    package let byteCount: Int
    /// The file.
    package let file: File

    /// Makes a value.
    package init(setting: Double, score: Double, byteCount: Int, file: File) {
      self.setting = setting
      self.score = score
      self.byteCount = byteCount
      self.file = file
    }
  }

  /// The score to reach.
  private let target: Double
  /// How far above it is near enough.
  private let tolerance: Double
  private let attempt: (Double) throws -> Attempt

  /// Settings are tried in steps of an eighth.
  private static var stepsPerUnit: Double { 8 }

  /// The smallest file that reaches it.
  private(set) var best: Attempt?
  /// The file with the highest score.
  private(set) var highest: Attempt?

  /// A search that has tried nothing yet.
  private init(
    target: Double, tolerance: Double, attempt: @escaping (Double) throws -> Attempt
  ) {
    self.target = target
    self.tolerance = tolerance
    self.attempt = attempt
  }

  /// What a search found.
  package struct Result {
    /// The smallest file that reaches the score; nil when none does.
    package let best: Attempt?
    /// The file with the highest score of those tried: where none reaches the score, that of the highest setting or a better
    /// one.
    package let highest: Attempt
    /// How many files were tried.
    package let attempts: Int
  }

  /// Searches.
  ///
  /// - Parameters:
  ///   - target: the score to reach.
  ///   - tolerance: how far above it is near enough to stop.
  ///   - settings: what the encoder can be set to, in integers.
  ///   - start: the first to be tried.
  ///   - attempt: makes a file with a setting, and scores it.
  package static func smallest(
    reaching target: Double, tolerance: Double, settings: ClosedRange<Int>, start: Double,
    attempt: (Double) throws -> Attempt
  ) throws -> Result {
    try withoutActuallyEscaping(attempt) { attempt in
      var search = TargetSearch(target: target, tolerance: tolerance, attempt: attempt)
      return try search.run(settings, start: start)
    }
  }

  private mutating func run(_ settings: ClosedRange<Int>, start: Double) throws -> Result {
    let unit = Self.stepsPerUnit
    let (first, last) = (settings.lowerBound * Int(unit), settings.upperBound * Int(unit))
    // Between a setting that falls short and one that reaches; beyond the ends nothing is known.
    var (low, high) = (first - 1, last + 1)
    var scores: (low: Double?, high: Double?) = (nil, nil)
    var next = min(max(Int((start * unit).rounded()), first), last)
    var stride = Int(8 * unit)
    var attempts = 0
    while high - low > 1 {
      let found = try attempt(Double(next) / unit)
      attempts += 1
      note(found)
      if found.score >= target {
        (high, scores.high) = (next, found.score)
        if found.score <= target + tolerance { break }
      } else {
        (low, scores.low) = (next, found.score)
      }
      switch (scores.low, scores.high) {
      case (let below?, let above?):
        // Where a straight line meets the target, and now and then the middle, which no curve can put off.
        let share = (target + tolerance / 2 - below) / (above - below)
        let line = Double(low) + share * Double(high - low)
        next = attempts % 3 == 0 ? (low + high) / 2 : Int(line.rounded())
      case (nil, _): next = high - stride
      default: next = low + stride
      }
      if scores.low == nil || scores.high == nil { stride *= 2 }
      next = min(max(next, low + 1), high - 1)
    }
    guard let highest else { preconditionFailure("there is a setting") }
    return Result(best: best, highest: highest, attempts: attempts)
  }

  private mutating func note(_ found: Attempt) {
    if found.score > highest?.score ?? -.infinity { highest = found }
    if found.score >= target, found.byteCount < best?.byteCount ?? .max { best = found }
  }
}

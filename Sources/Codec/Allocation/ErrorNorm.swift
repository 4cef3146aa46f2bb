import GQModel

/// How the errors of positions make up that of a picture: levels are chosen for the least sum of costs.
enum ErrorNorm {
  /// Errors are summed.
  case sum
  /// The squares of mean errors are summed: large ones count more. SSIMULACRA2 is by more than four fifths made of 4-norms
  /// (`docs/experiments.md`).
  case squares

  /// What an error costs that is summed over a position's samples, whose number has this reciprocal.
  func cost(_ error: Double, reciprocal: Double) -> Double {
    switch self {
    case .sum: error
    case .squares: error * error * reciprocal
    }
  }
}

extension Tuning {
  /// That of the tuning's distortions.
  var norm: ErrorNorm { self == .visual ? .squares : .sum }
}

import Foundation

/// A number that tells how good a picture is, higher for better.
package enum Quality: String, Sendable, CaseIterable, Encodable {
  /// SSIMULACRA2, how alike pictures look.
  case ssimulacra2
  /// Butteraugli's 3-norm with its sign changed: it is 0 for equal pictures and rises with what is visible.
  case butteraugli
  /// dB over all samples.
  case psnr
  /// MS-SSIM in dB: -10 log10(1 - MS-SSIM), which spreads what crowds below 1.
  case msssim

  /// The number of scores; nil when there is none or it is infinite.
  func value(of scores: Scores) -> Double? {
    switch self {
    case .ssimulacra2: scores.ssimulacra2
    case .butteraugli: scores.butteraugli.map { -$0 }
    case .psnr: scores.psnr
    case .msssim: scores.msssim.flatMap(Self.decibels)
    }
  }

  /// A similarity in dB; nil for 1.
  static func decibels(_ similarity: Double) -> Double? {
    similarity < 1 ? -10 * log10(1 - similarity) : nil
  }

  /// For people.
  var title: String {
    switch self {
    case .ssimulacra2: "SSIMULACRA2"
    case .butteraugli: "Butteraugli 3-norm"
    case .psnr: "PSNR"
    case .msssim: "MS-SSIM"
    }
  }

  /// The title with the unit.
  var axisTitle: String {
    switch self {
    case .ssimulacra2: title
    case .butteraugli: "\(title), lower is better"
    case .psnr, .msssim: "\(title), dB"
    }
  }
}

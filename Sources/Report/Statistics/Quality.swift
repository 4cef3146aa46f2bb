import Foundation

/// A number that tells how good a picture is, higher for better.
public enum Quality: String, Sendable, CaseIterable, Encodable {
  /// SSIMULACRA2, how alike pictures look.
  case ssimulacra2
  /// dB over all samples.
  case psnr
  /// MS-SSIM in dB: -10 log10(1 - MS-SSIM), which spreads what crowds below 1.
  case msssim

  /// The number of a measurement; nil when there is none or it is infinite.
  func value(of measurement: Measurement) -> Double? {
    switch self {
    case .ssimulacra2: measurement.ssimulacra2
    case .psnr: measurement.psnr
    case .msssim: measurement.msssim.flatMap(Self.decibels)
    }
  }

  /// The number of means.
  func value(of mean: Mean) -> Double? {
    switch self {
    case .ssimulacra2: mean.ssimulacra2
    case .psnr: mean.psnr
    case .msssim: mean.msssim.flatMap(Self.decibels)
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
    case .psnr: "PSNR"
    case .msssim: "MS-SSIM"
    }
  }

  /// The title with the unit.
  var axisTitle: String { self == .ssimulacra2 ? title : "\(title), dB" }
}

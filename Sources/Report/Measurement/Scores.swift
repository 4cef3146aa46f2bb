import GQCodec
import GQMetrics

/// How alike a decoded picture and its original are, by every metric.
///
/// A picture with alpha is compared on black and on white, and the worse number counts.
package struct Scores: Sendable, Equatable, Codable {
  /// nil for pictures too small for it.
  package var ssimulacra2: Double?
  /// Butteraugli's 3-norm, 0 for equal pictures; nil where its program is not installed.
  package var butteraugli: Double?
  /// dB over all samples; nil when the pictures are equal and it is infinite.
  package var psnr: Double?
  /// dB of the luma alone; nil when it is infinite.
  package var psnrY: Double?
  /// nil for pictures too small for it.
  package var ssim: Double?
  /// nil for pictures too small for it.
  package var msssim: Double?

  /// Makes a value.
  package init(
    ssimulacra2: Double? = nil, butteraugli: Double? = nil, psnr: Double? = nil,
    psnrY: Double? = nil, ssim: Double? = nil, msssim: Double? = nil
  ) {
    self.ssimulacra2 = ssimulacra2
    self.butteraugli = butteraugli
    self.psnr = psnr
    self.psnrY = psnrY
    self.ssim = ssim
    self.msssim = msssim
  }

  /// Compares what came back with what went in.
  ///
  /// - Throws: `ReportError.wrongPicture` when they cannot be compared.
  init(of source: SourcePicture, decoded: Picture, codec: String, butteraugli: Butteraugli?) throws
  {
    let original = source.picture
    let picture = decoded.inKind(of: original)
    let backgrounds: [UInt8] = original.alpha == nil && picture.alpha == nil ? [0] : [0, 255]
    do throws(MetricError) {
      ssimulacra2 = try SSIMULACRA2.score(original, picture)
      var (noise, lumaNoise) = (Double.infinity, Double.infinity)
      for background in backgrounds {
        let (a, b) = (original.flattened(on: background), picture.flattened(on: background))
        noise = min(noise, try PSNR.decibels(a, b))
        lumaNoise = min(lumaNoise, try PSNR.lumaDecibels(a, b))
        ssim = Self.lower(ssim, try SSIM.value(a, b))
        msssim = Self.lower(msssim, try MSSSIM.value(a, b))
        if original.alpha == nil, picture.alpha != nil {
          ssimulacra2 = Self.lower(ssimulacra2, try SSIMULACRA2.score(a, b))
        }
      }
      (psnr, psnrY) = (noise.isFinite ? noise : nil, lumaNoise.isFinite ? lumaNoise : nil)
    } catch {
      throw ReportError.wrongPicture(
        codec: codec, found: "\(MetricError.Shape(of: picture))",
        expected: "\(MetricError.Shape(of: original))")
    }
    if let butteraugli {
      for background in backgrounds {
        let norm = try butteraugli.norm(source, picture, background: background)
        self.butteraugli = norm.map { max($0, self.butteraugli ?? 0) } ?? self.butteraugli
      }
    }
  }

  private static func lower(_ a: Double?, _ b: Double?) -> Double? {
    guard let a, let b else { return a ?? b }
    return min(a, b)
  }
}

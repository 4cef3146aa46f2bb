import GQCodec
import GQMetrics

/// What a codec did to a picture at a rate.
public struct Measurement: Sendable, Equatable, Codable {
  /// Of the whole file.
  public let bytes: Int
  /// Bits of the file per pixel of the picture.
  public let bitsPerPixel: Double
  /// dB over all samples; nil when the pictures are equal and it is infinite.
  public let psnr: Double?
  /// dB of the luma alone; nil when it is infinite.
  public let psnrY: Double?
  /// nil for pictures too small for it.
  public let ssim: Double?
  /// nil for pictures too small for it.
  public let msssim: Double?
  /// nil for pictures too small for it.
  public let ssimulacra2: Double?
  /// What the codec was told to get this size; nil when it was told the size.
  public let setting: String?
  /// What making the file took.
  public let encode: Cost
  /// What reading it took.
  public let decode: Cost

  /// Compares what came back with what went in.
  ///
  /// - Throws: `ReportError.wrongPicture` when they cannot be compared.
  init(of source: SourcePicture, file: EncodedFile, decoded: DecodedFile, codec: String)
    throws(ReportError)
  {
    let original = source.picture
    let picture = decoded.picture(like: original)
    bytes = file.bytes.count
    bitsPerPixel = Double(bytes * 8) / Double(source.pixelCount)
    setting = file.setting
    encode = file.cost
    decode = decoded.cost
    do throws(MetricError) {
      psnr = finite(try PSNR.decibels(original, picture))
      psnrY = finite(try PSNR.lumaDecibels(original, picture))
      ssim = try SSIM.value(original, picture)
      msssim = try MSSSIM.value(original, picture)
      ssimulacra2 = try SSIMULACRA2.score(original, picture)
    } catch {
      throw .wrongPicture(
        codec: codec, found: "\(MetricError.Shape(of: picture))",
        expected: "\(MetricError.Shape(of: original))")
    }
  }

  /// A measurement by its values.
  public init(
    bytes: Int, bitsPerPixel: Double, psnr: Double?, psnrY: Double?, ssim: Double?,
    msssim: Double?, ssimulacra2: Double? = nil, setting: String?, encode: Cost, decode: Cost
  ) {
    self.bytes = bytes
    self.bitsPerPixel = bitsPerPixel
    self.psnr = psnr
    self.psnrY = psnrY
    self.ssim = ssim
    self.msssim = msssim
    self.ssimulacra2 = ssimulacra2
    self.setting = setting
    self.encode = encode
    self.decode = decode
  }
}

private func finite(_ value: Double) -> Double? { value.isFinite ? value : nil }

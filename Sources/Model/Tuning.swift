/// What a model is trained for: which distortion it makes small.
public enum Tuning: String, Sendable, CaseIterable, Decodable {
  /// Mean squared error.
  case psnr
  /// Multi-scale structural similarity, which is nearer to what people see.
  case msssim = "ms-ssim"
}

/// What a model is trained for: which distortion it makes small.
package enum Tuning: String, Sendable, CaseIterable {
  /// SSIMULACRA2, which is nearer to what people see.
  case visual
  /// Mean squared error.
  case psnr
}

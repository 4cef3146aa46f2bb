/// The linear skip connection around the network: from 16 x 16 pixels to latents, or back.
enum LinearSkip: Sendable {
  /// A learned matrix (architecture 4).
  case matrix(Pointwise)
  /// The cosine transform, from samples to latents.
  case analysis(CosineTransform)
  /// Its inverse.
  case synthesis(CosineTransform)

  /// Values that a position gives.
  var outputs: Int {
    switch self {
    case .matrix(let layer): layer.outputs
    case .analysis, .synthesis: CosineTransform.count
    }
  }

  /// Multiply-adds per position.
  var multiplyAdds: Int {
    switch self {
    case .matrix(let layer): layer.multiplyAdds
    case .analysis(let transform), .synthesis(let transform): transform.multiplyAdds
    }
  }

  /// Adds what positions give below buffered rows.
  func append(_ input: TensorSlice, to rows: inout TensorRows) {
    switch self {
    case .matrix(let layer): layer.append(input, to: &rows)
    case .analysis(let transform): transform.analyze(input, to: &rows)
    case .synthesis(let transform): transform.synthesize(input, to: &rows)
    }
  }
}

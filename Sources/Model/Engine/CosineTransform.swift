internal import CGQKernels

/// The linear skip connection: an orthonormal cosine transform of 16 x 16 pixels and three components,
/// whose coefficients in a given order, divided by their spreads, are the latents.
struct CosineTransform: Sendable {
  /// Latents of a position, and samples.
  static let count = 768

  /// Which coefficient each latent is; see `gq_analyze_cosines`.
  private let order: [Int32]
  /// The latents' root mean squares on training pictures.
  let spread: [Float]
  private let inverseSpread: [Float]
  /// Roots of the spreads. Networks take latents times these, and what they give is divided by them: errors of all latents
  /// then count about alike.
  let root: [Float]
  private let pool: WorkerPool

  /// Reads `cosines.order` and `cosines.spread`.
  init(from file: Safetensors, pool: WorkerPool) throws(ModelError) {
    self.pool = pool
    let order = try file.integers("cosines.order")
    guard order.count == Self.count, Set(order) == Set(0..<Self.count) else {
      throw .malformedHeader("tensor cosines.order does not name each of \(Self.count) once")
    }
    self.order = order.map { Int32($0) }
    spread = try file.floats("cosines.spread", shape: [Self.count])
    guard spread.allSatisfy({ $0 > 0 && $0.isFinite }) else {
      throw .malformedHeader("tensor cosines.spread has values that are not positive")
    }
    inverseSpread = spread.map { 1 / $0 }
    root = spread.map { $0.squareRoot() }
  }

  /// The latents of the two components of chroma.
  var chroma: [Int] { order.indices.filter { order[$0] >= 256 } }

  /// Multiply-adds per position, one way.
  var multiplyAdds: Int { 16 * 16 * 48 + 9 * 256 + 48 * 16 * 16 }

  /// Adds the latents of positions of 16 x 16 x 3 samples each below buffered rows. Inverse: `synthesize`.
  func analyze(_ samples: TensorSlice, to rows: inout TensorRows) {
    run(samples, to: &rows) { gq_analyze_cosines($0, order, inverseSpread, $1) }
  }

  /// Adds the samples of latents below buffered rows. Inverse: `analyze`.
  func synthesize(_ latents: TensorSlice, to rows: inout TensorRows) {
    run(latents, to: &rows) { gq_synthesize_cosines($0, order, spread, $1) }
  }

  private func run(
    _ input: TensorSlice, to rows: inout TensorRows,
    _ transform: @Sendable (UnsafePointer<Float>, UnsafeMutablePointer<Float>) -> Void
  ) {
    precondition(input.channels == Self.count && rows.channels == Self.count)
    rows.append(rows: input.rows) { output in
      input.withValues { values in
        guard let source = values.baseAddress, let target = output.baseAddress else { return }
        let (from, to) = (Disjoint(source), Disjoint(target))
        pool.forEachPart(of: input.positionCount, length: 32) { part in
          for k in part { transform(from.value + k * Self.count, to.value + k * Self.count) }
        }
      }
    }
  }
}

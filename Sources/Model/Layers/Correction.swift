internal import CGQKernels

/// What a network adds to the linear skip connection: bounded, and scaled by level and by latent.
struct Correction: Sendable {
  /// It is left out, position by position, where its largest magnitude is above about this.
  private let bound: Float
  /// [levels]
  private let scales: [Float]
  /// One for each value; nil for ones.
  private let factors: [Float]?

  /// Reads `name`.gain.logarithm; a name of nil is a correction that no level scales.
  init(
    _ name: String?, bound: Float, factors: [Float]? = nil, _ c: ModelConfiguration, tuning: Int,
    from file: Safetensors
  ) throws(ModelError) {
    self.bound = bound
    self.factors = factors
    var scales = [Float](repeating: 1, count: c.levels.count)
    if let name {
      scales = try file.floats("\(name).gain.logarithm", columns: 1, c, tuning: tuning)
      scales.withUnsafeMutableBufferPointer { gq_exp($0.baseAddress, $0.count) }
    }
    self.scales = scales
  }

  /// Adds the correction of a position at `level`.
  func add(
    _ terms: UnsafePointer<Float>, level: UInt8, count: Int, to values: UnsafeMutablePointer<Float>
  ) {
    precondition((factors?.count ?? count) == count)
    if let factors {
      gq_add_bounded(values, terms, factors, scales[Int(level)], count, bound)
    } else {
      gq_add_bounded(values, terms, nil, scales[Int(level)], count, bound)
    }
  }
}

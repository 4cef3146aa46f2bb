internal import CGQKernels

/// Each level's own linear transform: from what prediction left of the latents to coefficients of unit variance, and
/// back.
struct LevelTransform: Sendable {
  private let latents: Int
  private let table: LevelTable
  /// For each level what makes coefficients of latents, scaled so that no further factor is needed, and its inverse.
  private let analysis: [Part<Matrix>]
  private let synthesis: [Part<Matrix>]
  /// [levels, width]: the tilts of the posteriors beside the prior's scales.
  private let tilt: [Float]
  private let pool: WorkerPool

  init(
    _ c: ModelConfiguration, _ table: LevelTable, from file: Safetensors, pool: WorkerPool
  ) throws(ModelError) {
    self.pool = pool
    latents = c.latents
    self.table = table
    tilt = try file.floats("transform.tilt", shape: [table.counts.count, table.width])
    analysis = try Self.matrices("analysis", c, table, from: file, isTransposed: true) { $0 }
    synthesis = try Self.matrices("synthesis", c, table, from: file, isTransposed: false) {
      $0 == 0 ? 0 : 1 / $0
    }
  }

  /// The matrix of a level, [inner, columns], columns filled up with zeros.
  struct Matrix: Sendable {
    let inner: Int
    let columns: Int
    let values: [Float]
  }

  /// The matrices of all levels, each to be loaded when it is used: with the gains of its coefficients and what the
  /// latents' spreads give.
  private static func matrices(
    _ name: String, _ c: ModelConfiguration, _ table: LevelTable, from file: Safetensors,
    isTransposed: Bool, _ factor: (Float) -> Float
  ) throws(ModelError) -> [Part<Matrix>] {
    let shape = [table.counts.reduce(0, +), c.latents]
    try file.check("transform.\(name)", shape: shape)
    var gains = try file.floats(
      "transform.\(name)_gain", shape: [table.counts.count, table.width])
    gq_exp(&gains, gains.count)
    let allGains = gains
    let factors = try file.floats("spread", shape: [c.latents]).map(factor)
    var first = 0
    return table.counts.enumerated().map { level, count in
      let rows = first..<first + count
      first += count
      let gains = Array(allGains[level * table.width..<level * table.width + count])
      return Part { () throws(ModelError) in
        let values = try file.floats("transform.\(name)", shape: shape, rows: rows)
        return matrix(values, gains: gains, factors: factors, isTransposed: isTransposed)
      }
    }
  }

  /// A matrix from its values [coefficients, latents].
  private static func matrix(
    _ source: [Float], gains: [Float], factors: [Float], isTransposed: Bool
  ) -> Matrix {
    let (count, latents) = (gains.count, factors.count)
    let unit = Int(GQ_COLUMNS)
    let used = isTransposed ? count : latents
    let (inner, columns) = (isTransposed ? latents : count, (used + unit - 1) / unit * unit)
    var values = [Float](repeating: 0, count: inner * columns)
    values.withUnsafeMutableBufferPointer { values in
      source.withUnsafeBufferPointer { source in
        factors.withUnsafeBufferPointer { factors in
          for k in 0..<count {
            for channel in 0..<latents {
              let place = isTransposed ? channel * columns + k : k * columns + channel
              values[place] = source[k * latents + channel] * (gains[k] * factors[channel])
            }
          }
        }
      }
    }
    return Matrix(inner: inner, columns: columns, values: values)
  }

  /// Multiply-adds per pixel of the widest level, one way.
  var cost: Double { Double(table.width * latents) / 256 }

  /// The tilts of the posteriors [n, width] from the logarithmic scales of the coefficients [n, width].
  func tilts(logScale: [Float], levels: [UInt8]) -> [Float] {
    let width = table.width
    let result = Tensor(rows: levels.count, columns: 1, channels: width, pool: pool) {
      row, target in
      let own = Int(levels[row]) * width
      for c in 0..<width { target[c] = tilt[own + c] - 2 * logScale[row * width + c] }
    }
    return result.values
  }

  /// Coefficients [n, width], in units of their scales, of the latents that prediction left; zeros where a level has none.
  func analyze(
    _ latents: TensorRows, _ prediction: PhasePrediction
  ) -> [Float] {
    let (length, width) = (self.latents, table.width)
    return products(
      prediction.levels, analysis, outputs: width,
      load: { row, _, target in
        latents.withValues { source in
          let first = latents.range(prediction.positions[row]).lowerBound
          for c in 0..<length {
            target[c] = source[first + c] - prediction.mean[row * length + c]
          }
        }
      },
      store: { row, count, source, target in
        for c in 0..<count { target[c] = source[c] / prediction.scale[row * width + c] }
      })
  }

  /// Latents [n, latents] from coefficients [n, width]. Inverse of `analyze`, as far as coefficients tell.
  func synthesize(
    _ coefficients: [Float], _ prediction: PhasePrediction
  ) -> [Float] {
    let (length, width) = (self.latents, table.width)
    return products(
      prediction.levels, synthesis, outputs: length,
      load: { row, count, target in
        for c in 0..<count {
          target[c] = coefficients[row * width + c] * prediction.scale[row * width + c]
        }
      },
      store: { row, _, source, target in
        for c in 0..<length {
          target[c] = source[c] + prediction.mean[row * length + c]
        }
      })
  }

  /// Multiplies vectors by their levels' matrices, those of a level together, on several threads.
  ///
  /// - Parameters:
  ///   - levels: of the n vectors.
  ///   - matrices: of all levels.
  ///   - outputs: values of a result.
  ///   - load: stores a vector, given its number and the number of its level's coefficients.
  ///   - store: stores the result likewise from the product.
  private func products(
    _ levels: [UInt8], _ matrices: [Part<Matrix>], outputs: Int,
    load: @Sendable (Int, Int, UnsafeMutablePointer<Float>) -> Void,
    store: @Sendable (Int, Int, UnsafePointer<Float>, UnsafeMutablePointer<Float>) -> Void
  ) -> [Float] {
    let parts = parts(levels)
    pool.forEach(parts.count) { matrices[parts[$0].level].load() }
    let chosen = parts.map { matrices[$0.level].checkedValue() }
    var result = [Float](repeating: 0, count: levels.count * outputs)
    result.withUnsafeMutableBufferPointer { result in
      guard let base = result.baseAddress else { return }
      let target = Disjoint(base)
      pool.forEach(parts.count) { index in
        let (level, members) = parts[index]
        let (matrix, count) = (chosen[index], table.counts[level])
        var vectors = [Float](repeating: 0, count: members.count * matrix.inner)
        vectors.withUnsafeMutableBufferPointer { vectors in
          guard let base = vectors.baseAddress else { return }
          for (k, member) in members.enumerated() { load(member, count, base + k * matrix.inner) }
        }
        // One more than needed, so that there is something to point to.
        var products = [Float](repeating: 0, count: members.count * matrix.columns + 1)
        gq_multiply(
          vectors, members.count, matrix.inner, matrix.values, matrix.columns, &products)
        products.withUnsafeBufferPointer { products in
          guard let base = products.baseAddress else { return }
          for (k, member) in members.enumerated() {
            store(member, count, base + k * matrix.columns, target.value + member * outputs)
          }
        }
      }
    }
    return result
  }

  /// Vectors of the same level, some at a time.
  private func parts(_ levels: [UInt8]) -> [(level: Int, members: ArraySlice<Int>)] {
    var members = [[Int]](repeating: [], count: table.counts.count)
    for (k, level) in levels.enumerated() { members[Int(level)].append(k) }
    let length = 128
    return members.enumerated().flatMap { level, members in
      stride(from: 0, to: members.count, by: length).map {
        (level, members[$0..<min(members.count, $0 + length)])
      }
    }
  }
}

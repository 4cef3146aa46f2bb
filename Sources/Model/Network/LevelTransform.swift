import Synchronization

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// Each level's own linear transform: from what prediction left of the latents to coefficients of unit variance, and
/// back.
struct LevelTransform: Sendable {
  private let latents: Int
  private let table: LevelTable
  /// The first row of each level in the matrices.
  private let offsets: [Int]
  /// [rows of all levels, latents], scaled so that no further factor is needed.
  let analysis: Part<[Float]>
  let synthesis: Part<[Float]>
  /// [levels, width]: the tilts of the posteriors beside the prior's scales.
  private let tilt: [Float]
  private let engine: any LayerEngine
  private let pool: WorkerPool

  init(
    _ c: ModelConfiguration, _ table: LevelTable, from file: Safetensors, engine: any LayerEngine,
    pool: WorkerPool
  ) throws(ModelError) {
    self.pool = pool
    latents = c.latents
    self.table = table
    self.engine = engine
    let offsets = table.counts.indices.map { table.counts[..<$0].reduce(0, +) }
    self.offsets = offsets
    tilt = try file.floats("transform.tilt", shape: [table.counts.count, table.width])
    analysis = Part { () throws(ModelError) in
      try Self.matrix("analysis", c, table, offsets, from: file) { $0 }
    }
    synthesis = Part { () throws(ModelError) in
      try Self.matrix("synthesis", c, table, offsets, from: file) { $0 == 0 ? 0 : 1 / $0 }
    }
  }

  /// A matrix with the gains of its rows and what the latents' spreads give for its columns.
  private static func matrix(
    _ name: String, _ c: ModelConfiguration, _ table: LevelTable, _ offsets: [Int],
    from file: Safetensors, _ factor: (Float) -> Float
  ) throws(ModelError) -> [Float] {
    let rows = table.counts.reduce(0, +)
    var values = try file.floats("transform.\(name)", shape: [rows, c.latents])
    let gains = try file.floats(
      "transform.\(name)_gain", shape: [table.counts.count, table.width])
    let factors = try file.floats("spread", shape: [c.latents]).map(factor)
    values.withUnsafeMutableBufferPointer { values in
      factors.withUnsafeBufferPointer { factors in
        for (level, count) in table.counts.enumerated() {
          for k in 0..<count {
            let gain = expf(gains[level * table.width + k])
            let start = (offsets[level] + k) * c.latents
            for channel in 0..<c.latents { values[start + channel] *= gain * factors[channel] }
          }
        }
      }
    }
    return values
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
  ) throws(ModelError) -> [Float] {
    let (length, width) = (self.latents, table.width)
    return try products(
      prediction.levels, try analysis.value(), outputs: width, isAnalysis: true,
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
  ) throws(ModelError) -> [Float] {
    let (length, width) = (self.latents, table.width)
    return try products(
      prediction.levels, try synthesis.value(), outputs: length, isAnalysis: false,
      load: { row, count, target in
        for c in 0..<count {
          target[c] = coefficients[row * width + c] * prediction.scale[row * width + c]
        }
      },
      store: { row, count, source, target in
        for c in 0..<length {
          target[c] = (count > 0 ? source[c] : 0) + prediction.mean[row * length + c]
        }
      })
  }

  /// Multiplies vectors by their levels' matrices, those of a level together, on several threads.
  ///
  /// - Parameters:
  ///   - levels: of the n vectors.
  ///   - matrices: of all levels.
  ///   - outputs: values of a result.
  ///   - isAnalysis: whether latents come in and coefficients out.
  ///   - load: stores a vector, given its number and the number of its level's coefficients.
  ///   - store: stores the result likewise from the product, which is empty when there are none.
  private func products(
    _ levels: [UInt8], _ matrices: [Float], outputs: Int, isAnalysis: Bool,
    load: @Sendable (Int, Int, UnsafeMutablePointer<Float>) -> Void,
    store: @Sendable (Int, Int, UnsafePointer<Float>, UnsafeMutablePointer<Float>) -> Void
  ) throws(ModelError) -> [Float] {
    let parts = parts(levels)
    let problem = Mutex<ModelError?>(nil)
    var result = [Float](repeating: 0, count: levels.count * outputs)
    result.withUnsafeMutableBufferPointer { result in
      guard let base = result.baseAddress else { return }
      let target = Disjoint(base)
      pool.forEach(parts.count) { index in
        let (level, members) = parts[index]
        let count = table.counts[level]
        let (inner, columns) = isAnalysis ? (latents, count) : (count, latents)
        var vectors = [Float](repeating: 0, count: members.count * inner)
        vectors.withUnsafeMutableBufferPointer { vectors in
          guard let base = vectors.baseAddress else { return }
          for (k, member) in members.enumerated() { load(member, count, base + k * inner) }
        }
        do throws(ModelError) {
          let products =
            count == 0
            ? [0]
            : try engine.multiply(
              vectors, rows: members.count,
              by: matrices[offsets[level] * latents..<(offsets[level] + count) * latents],
              inner: inner, columns: columns, transposed: isAnalysis)
          products.withUnsafeBufferPointer { products in
            guard let base = products.baseAddress else { return }
            for (k, member) in members.enumerated() {
              store(
                member, count, base + (count == 0 ? 0 : k * columns),
                target.value + member * outputs)
            }
          }
        } catch {
          problem.withLock { $0 = error }
        }
      }
    }
    if let problem = problem.withLock({ $0 }) { throw problem }
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

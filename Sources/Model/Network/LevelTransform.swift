import GQBitstream
internal import CGQKernels

/// Each level's linear transform from what prediction left of the latents to coefficients of unit variance, and back: a
/// matrix of the level's own on the leading latents, or for high levels a gain of each latent.
///
/// Coefficients are companded: a codeword x stands for x sqrt(1 + k x^2), for the tails
/// of coefficients are longer than those of codewords.
struct LevelTransform: Sendable {
  private let latents: Int
  private let leading: Int
  private let mixedLevels: Int
  private let table: LevelTable
  /// For each level with a matrix what makes coefficients of latents, scaled so that no further factor is needed, and its
  /// inverse.
  private let analysis: [Part<Matrix>]
  private let synthesis: [Part<Matrix>]
  /// [levels, width]: the same for levels of gains alone.
  private let analysisGain: [Float]
  private let synthesisGain: [Float]
  /// [levels, width]: k of each coefficient.
  private let companding: [Float]
  /// [levels, width]: the log-variance offsets of the posteriors beside the prior's scales.
  private let logVarianceOffset: [Float]
  private let scaleBound: Float
  private let pool: WorkerPool

  init(
    _ c: ModelConfiguration, _ table: LevelTable, tuning: Int, from file: Safetensors,
    pool: WorkerPool
  ) throws(ModelError) {
    self.pool = pool
    (latents, leading, mixedLevels) = (c.latents, c.leading, c.mixedLevels)
    self.table = table
    scaleBound = c.scaleBound
    func values(_ name: String) throws(ModelError) -> [Float] {
      try file.floats("transform.\(name)", columns: table.width, c, tuning: tuning)
    }
    func gains(_ name: String) throws(ModelError) -> [Float] {
      var gains = try values(name)
      gq_exp(&gains, gains.count)
      return gains
    }
    logVarianceOffset = try values("tilt")
    companding = try values("companding").map { $0 * $0 }
    let spread = try file.floats("cosines.spread", shape: [c.latents])
    let inverse = spread.map { $0 == 0 ? 0 : 1 / $0 }
    let (forward, back) = (try gains("analysis_gain"), try gains("synthesis_gain"))
    analysis = try Self.matrices(
      "analysis", c, table, from: file, isTransposed: true, gains: forward, factors: spread)
    synthesis = try Self.matrices(
      "synthesis", c, table, from: file, isTransposed: false, gains: back, factors: inverse)
    let (width, hasGains) = (table.width, c.mixedLevels < c.levels.count)
    analysisGain = hasGains ? forward.indices.map { forward[$0] * spread[$0 % width] } : []
    synthesisGain = hasGains ? back.indices.map { back[$0] * inverse[$0 % width] } : []
  }

  /// The matrix of a level, [inner, columns], columns filled up with zeros.
  struct Matrix: Sendable {
    let inner: Int
    let columns: Int
    let values: [Float]
  }

  /// The matrices of the levels that have one, each to be loaded when it is used: with the gains [levels, width] of
  /// coefficients and factors [latents] of latents.
  private static func matrices(
    _ name: String, _ c: ModelConfiguration, _ table: LevelTable, from file: Safetensors,
    isTransposed: Bool, gains: [Float], factors: [Float]
  ) throws(ModelError) -> [Part<Matrix>] {
    let counts = table.counts.prefix(c.mixedLevels)
    let shape = [counts.reduce(0, +), c.leading]
    try file.check("transform.\(name)", shape: shape)
    let factors = Array(factors.prefix(c.leading))
    var first = 0
    return counts.enumerated().map { level, count in
      let rows = first..<first + count
      first += count
      let gains = Array(gains[level * table.width..<level * table.width + count])
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
  var cost: Double {
    Double((table.counts.prefix(mixedLevels).max() ?? 0) * leading) / 256
  }

  /// Calls `body` for every position, on several threads: its number, where the coefficients of its group begin among those of all
  /// positions, how many they are, and where their constants begin among those of all levels.
  private func forEachSpan(
    _ levels: [UInt8], _ phase: CodingPhase, _ group: Int,
    _ body: @Sendable (Int, Int, Int, Int) -> Void
  ) {
    let width = table.width
    pool.forEachPart(of: levels.count, length: 32) { part in
      for row in part {
        let span = table.group(group, levels[row], phase).span
        body(
          row, row * width + span.lowerBound, span.count,
          Int(levels[row]) * width + span.lowerBound)
      }
    }
  }

  /// Sets scales and log-variance offsets of the prediction's group.
  func setScales(_ prediction: inout PhasePrediction) {
    let (levels, phase, group) = (prediction.levels, prediction.phase, prediction.group)
    let unbounded = prediction.unboundedScale
    prediction.scale.withUnsafeMutableBufferPointer { scale in
      prediction.logVarianceOffsets.withUnsafeMutableBufferPointer { offsets in
        guard let scale = scale.baseAddress, let offsets = offsets.baseAddress else { return }
        let targets = (Disjoint(scale), Disjoint(offsets))
        forEachSpan(levels, phase, group) { _, first, count, own in
          let (scale, offsets) = (targets.0.value + first, targets.1.value + first)
          for c in 0..<count { scale[c] = unbounded[first + c] }
          gq_bound(scale, count, scaleBound)
          for c in 0..<count { offsets[c] = logVarianceOffset[own + c] - 2 * scale[c] }
          gq_exp(scale, count)
        }
      }
    }
  }

  /// Coefficients [n, width] of the latents that prediction left. Those that the level does not send have no meaning.
  func analyze(
    _ latents: TensorRows, _ prediction: PhasePrediction
  ) -> [Float] {
    let (leading, length, width) = (leading, self.latents, table.width)
    return products(
      prediction.levels, analysis, outputs: width,
      load: { row, _, target in
        latents.withValues { source in
          let first = latents.range(prediction.positions[row]).lowerBound
          for c in 0..<leading {
            target[c] = source[first + c] - prediction.mean[row * leading + c]
          }
        }
      },
      store: { row, count, source, target in
        target.update(from: source, count: count)
        (target + count).update(repeating: 0, count: width - count)
      },
      otherwise: { row, target in
        let level = Int(prediction.levels[row])
        latents.withValues { source in
          let first = latents.range(prediction.positions[row]).lowerBound
          for c in 0..<length { target[c] = source[first + c] }
        }
        for c in 0..<leading { target[c] -= prediction.mean[row * leading + c] }
        for c in 0..<length { target[c] *= analysisGain[level * width + c] }
      })
  }

  /// The coefficients of the prediction's group, of [n, width], in units of their scales and compressed; without meaning elsewhere.
  /// Inverse: `denormalize`.
  func normalize(_ coefficients: [Float], _ prediction: PhasePrediction) -> [Float] {
    var result = [Float](unfilled: coefficients.count)
    result.withUnsafeMutableBufferPointer { result in
      guard let base = result.baseAddress else { return }
      let target = Disjoint(base)
      forEachSpan(prediction.levels, prediction.phase, prediction.group) { _, first, count, own in
        let values = target.value + first
        for c in 0..<count { values[c] = coefficients[first + c] / prediction.scale[first + c] }
        companding.withUnsafeBufferPointer { k in
          if let k = k.baseAddress { gq_compress(values, k + own, count) }
        }
      }
    }
    return result
  }

  /// Stores the coefficients of the prediction's group among all; with those of the first, zeros for all others. Inverse of `normalize`.
  func denormalize(
    _ values: [Float], _ prediction: PhasePrediction, to coefficients: inout [Float]
  ) {
    coefficients.withUnsafeMutableBufferPointer { coefficients in
      guard let base = coefficients.baseAddress else { return }
      let target = Disjoint(base)
      let width = table.width
      forEachSpan(prediction.levels, prediction.phase, prediction.group) { row, first, count, own in
        if prediction.group == 0 {
          (target.value + row * width).update(repeating: 0, count: width)
        }
        let results = target.value + first
        for c in 0..<count { results[c] = values[first + c] }
        companding.withUnsafeBufferPointer { k in
          if let k = k.baseAddress { gq_expand(results, k + own, count) }
        }
        for c in 0..<count { results[c] *= prediction.scale[first + c] }
      }
    }
  }

  /// Latents [n, latents] from coefficients [n, width], zeros for those that are not sent. Inverse of `analyze`, as far as
  /// coefficients tell.
  func synthesize(
    _ coefficients: [Float], _ prediction: PhasePrediction
  ) -> [Float] {
    let (leading, length, width) = (leading, self.latents, table.width)
    return products(
      prediction.levels, synthesis, outputs: length,
      load: { row, count, target in
        for c in 0..<count { target[c] = coefficients[row * width + c] }
      },
      store: { row, _, source, target in
        for c in 0..<leading { target[c] = source[c] + prediction.mean[row * leading + c] }
        (target + leading).update(repeating: 0, count: length - leading)
      },
      otherwise: { row, target in
        let gains = Int(prediction.levels[row]) * width
        for c in 0..<length { target[c] = coefficients[row * width + c] * synthesisGain[gains + c] }
        for c in 0..<leading { target[c] += prediction.mean[row * leading + c] }
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
  ///   - otherwise: stores the result of a vector whose level has no matrix.
  private func products(
    _ levels: [UInt8], _ matrices: [Part<Matrix>], outputs: Int,
    load: @Sendable (Int, Int, UnsafeMutablePointer<Float>) -> Void,
    store: @Sendable (Int, Int, UnsafePointer<Float>, UnsafeMutablePointer<Float>) -> Void,
    otherwise: @Sendable (Int, UnsafeMutablePointer<Float>) -> Void
  ) -> [Float] {
    let parts = parts(levels)
    pool.forEach(parts.count) {
      if parts[$0].level < mixedLevels { matrices[parts[$0].level].load() }
    }
    let chosen = parts.map { $0.level < mixedLevels ? matrices[$0.level].checkedValue() : nil }
    var result = [Float](unfilled: levels.count * outputs)
    result.withUnsafeMutableBufferPointer { result in
      guard let base = result.baseAddress else { return }
      let target = Disjoint(base)
      pool.forEach(parts.count) { index in
        let (level, members) = parts[index]
        guard let matrix = chosen[index] else {
          for member in members { otherwise(member, target.value + member * outputs) }
          return
        }
        let count = table.counts[level]
        var vectors = [Float](unfilled: members.count * matrix.inner)
        vectors.withUnsafeMutableBufferPointer { vectors in
          guard let base = vectors.baseAddress else { return }
          for (k, member) in members.enumerated() { load(member, count, base + k * matrix.inner) }
        }
        // One more than needed, so that there is something to point to.
        var products = [Float](unfilled: members.count * matrix.columns + 1)
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

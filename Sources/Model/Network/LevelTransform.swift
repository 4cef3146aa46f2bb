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
  private let analysis: [Float]
  private let synthesis: [Float]
  /// [levels, width]: the tilts of the posteriors beside the prior's scales.
  private let tilt: [Float]
  private let engine: any LayerEngine

  init(
    _ c: ModelConfiguration, _ table: LevelTable, from file: Safetensors, engine: any LayerEngine
  ) throws(ModelError) {
    latents = c.latents
    self.table = table
    self.engine = engine
    var offsets: [Int] = []
    var rows = 0
    for count in table.counts {
      offsets.append(rows)
      rows += count
    }
    self.offsets = offsets
    let spread = try file.floats("spread", shape: [c.latents])
    let gainShape = [table.counts.count, table.width]
    tilt = try file.floats("transform.tilt", shape: gainShape)
    func matrix(_ name: String, _ factor: (Int) -> Float) throws(ModelError) -> [Float] {
      var values = try file.floats("transform.\(name)", shape: [rows, c.latents])
      let gains = try file.floats("transform.\(name)_gain", shape: gainShape)
      let factors = (0..<c.latents).map(factor)
      values.withUnsafeMutableBufferPointer { values in
        for (level, count) in table.counts.enumerated() {
          for k in 0..<count {
            let gain = expf(gains[level * table.width + k])
            let start = (offsets[level] + k) * c.latents
            for channel in 0..<c.latents { values[start + channel] *= gain * factors[channel] }
          }
        }
      }
      return values
    }
    analysis = try matrix("analysis") { spread[$0] }
    synthesis = try matrix("synthesis") { spread[$0] == 0 ? 0 : 1 / spread[$0] }
  }

  /// Multiply-adds per pixel of the widest level, one way.
  var cost: Double { Double(table.width * latents) / 256 }

  /// The tilts of the posteriors [n, width] from the logarithmic scales of the coefficients [n, width].
  func tilts(logScale: [Float], levels: [UInt8]) -> [Float] {
    var result = logScale
    for (k, level) in levels.enumerated() {
      for c in 0..<table.width {
        result[k * table.width + c] =
          tilt[Int(level) * table.width + c] - 2 * logScale[k * table.width + c]
      }
    }
    return result
  }

  /// Coefficients [n, width] of rows [n, latents]; zeros where a level has none.
  func analyze(_ rows: [Float], levels: [UInt8]) throws(ModelError) -> [Float] {
    var result = [Float](repeating: 0, count: levels.count * table.width)
    for (level, members) in members(levels) {
      let count = table.counts[level]
      let part = try engine.multiply(
        gather(rows, members, stride: latents, count: latents), rows: members.count,
        by: analysis[offsets[level] * latents..<(offsets[level] + count) * latents],
        inner: latents, columns: count, transposed: true)
      for (k, member) in members.enumerated() {
        let start = member * table.width
        result.replaceSubrange(start..<start + count, with: part[k * count..<(k + 1) * count])
      }
    }
    return result
  }

  /// Rows [n, latents] from coefficients [n, width]. Inverse of `analyze`, as far as coefficients tell.
  func synthesize(_ coefficients: [Float], levels: [UInt8]) throws(ModelError) -> [Float] {
    var result = [Float](repeating: 0, count: levels.count * latents)
    for (level, members) in members(levels) {
      let count = table.counts[level]
      let part = try engine.multiply(
        gather(coefficients, members, stride: table.width, count: count), rows: members.count,
        by: synthesis[offsets[level] * latents..<(offsets[level] + count) * latents],
        inner: count, columns: latents, transposed: false)
      for (k, member) in members.enumerated() {
        let start = member * latents
        result.replaceSubrange(start..<start + latents, with: part[k * latents..<(k + 1) * latents])
      }
    }
    return result
  }

  /// The rows of each level that sends anything.
  private func members(_ levels: [UInt8]) -> [(level: Int, members: [Int])] {
    var result = [[Int]](repeating: [], count: table.counts.count)
    for (k, level) in levels.enumerated() { result[Int(level)].append(k) }
    return result.enumerated().compactMap { level, members in
      members.isEmpty || table.counts[level] == 0 ? nil : (level, members)
    }
  }

  private func gather(_ values: [Float], _ members: [Int], stride: Int, count: Int) -> [Float] {
    var result: [Float] = []
    result.reserveCapacity(members.count * count)
    for member in members { result += values[member * stride..<member * stride + count] }
    return result
  }
}

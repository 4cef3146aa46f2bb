import Model

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// Measures what error each level makes at each position, by coding the picture with one level throughout.
struct LevelErrors {
  let network: Network
  let quantizer: LatentQuantizer
  let features: EncoderFeatures
  let source: Tensor
  let width: Int
  let height: Int

  /// Sums of squared errors [level][position].
  ///
  /// `effort` 1 to 4 measures some of the levels and interpolates the others, 5 to 7 all with noise in the
  /// place of codewords, 8 and 9 all with codewords.
  func measure(effort: Int) throws -> [[Double]] {
    let count = network.levels.levels.count
    let mode: LatentQuantizer.Mode = effort >= 8 ? .codewords : .expectedError
    var measured = [[Double]?](repeating: nil, count: count)
    let grid = LatentGrid(width: width, height: height)
    for level in measuredLevels(count, effort: effort) {
      measured[level] = try errors(
        [UInt8](repeating: UInt8(level), count: grid.positionCount), mode: mode)
    }
    return interpolated(measured)
  }

  private func measuredLevels(_ count: Int, effort: Int) -> [Int] {
    let step = effort >= 5 ? 1 : effort >= 3 ? 2 : 4
    return Set(stride(from: count - 1, to: 0, by: -step)).union([0, 1]).sorted()
  }

  private func errors(_ levels: [UInt8], mode: LatentQuantizer.Mode) throws -> [Double] {
    let (latents, _) = try network.code(
      features, levels: levels, grid: LatentGrid(width: width, height: height),
      quantizer: quantizer, mode: mode)
    return positionErrors(
      try network.pixels(latents, levels: levels), source, width: width, height: height)
  }

  /// Fills levels that were not measured: the logarithm of the error is taken as linear in the bits.
  private func interpolated(_ measured: [[Double]?]) -> [[Double]] {
    let bits = network.levels.indexCounts
    let known = measured.indices.filter { measured[$0] != nil }
    return measured.indices.map { level in
      if let errors = measured[level] { return errors }
      guard let below = known.last(where: { $0 < level }),
        let above = known.first(where: { $0 > level }),
        let low = measured[below], let high = measured[above]
      else { return [] }
      let share = Double(bits[level] - bits[below]) / Double(bits[above] - bits[below])
      return zip(low, high).map { low, high in
        exp(log(max(low, 1e-12)) * (1 - share) + log(max(high, 1e-12)) * share)
      }
    }
  }
}

extension Network {
  /// Codes latents phase by phase: the decoder's input, and for codewords the indices of every position.
  func code(
    _ features: EncoderFeatures, levels: [UInt8], grid: LatentGrid, quantizer: LatentQuantizer,
    mode: LatentQuantizer.Mode
  ) throws -> (latents: Tensor, indices: [[UInt32]]) {
    let source = try latents(features, levels: levels)
    let count = configuration.latents
    var indices = [[UInt32]](repeating: [], count: grid.positionCount)
    let latents = try decodedLatents(rows: grid.rows, columns: grid.columns, levels: levels) {
      prediction in
      var innovations = [Float](repeating: 0, count: prediction.mean.count)
      for (k, position) in prediction.positions.enumerated() {
        for c in 0..<count {
          let place = k * count + c
          innovations[place] =
            (source.values[position * count + c] - prediction.mean[place]) / prediction.scale[place]
        }
      }
      let result = quantizer.quantize(innovations, levels: prediction.levels, mode: mode)
      for (k, words) in result.indices.enumerated() { indices[prediction.positions[k]] = words }
      return result.decoded
    }
    return (latents, indices)
  }
}

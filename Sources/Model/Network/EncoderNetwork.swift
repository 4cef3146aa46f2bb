/// From pixels to latents.
struct EncoderNetwork: Sendable {
  private let cosines: CosineTransform
  private let stem: Pointwise
  private let fine: [Block]
  private let down: Pointwise
  private let level: LevelScale
  private let coarse: [Block]
  private let head: Pointwise
  /// What the head adds to the linear latents. It explodes on content that training never saw, where these alone are better.
  private let correction: Correction
  private let pool: WorkerPool

  init(
    _ c: ModelConfiguration, _ cosines: CosineTransform, tuning: Int, from file: Safetensors,
    pool: WorkerPool
  ) throws(ModelError) {
    self.pool = pool
    self.cosines = cosines
    correction = try Correction(
      "encoder", bound: c.correctionBound,
      factors: cosines.root.prefix(c.leading).map { 1 / $0 }, c, tuning: tuning, from: file)
    stem = Pointwise(
      try IntegerLayer("encoder.stem", inputs: 192, outputs: c.fine, from: file), pool: pool)
    fine = try makeBlocks(
      "encoder.fine", count: c.encoderFine, channels: c.fine, c, from: file, pool: pool)
    down = Pointwise(
      try IntegerLayer("encoder.down", inputs: 4 * c.fine, outputs: c.coarse, from: file),
      pool: pool)
    level = try LevelScale(
      "encoder.level", channels: c.coarse, c, tuning: tuning, from: file)
    coarse = try makeBlocks(
      "encoder.coarse", count: c.encoderCoarse, channels: c.coarse, c, from: file, pool: pool)
    head = Pointwise(
      try IntegerLayer(
        "encoder.head", inputs: c.coarse, outputs: c.leading, from: file),
      pool: pool)
  }

  /// Multiply-adds per pixel.
  var cost: Double {
    Double(cosines.multiplyAdds + down.multiplyAdds + coarse.multiplyAdds + head.multiplyAdds) / 256
      + Double(stem.multiplyAdds + fine.multiplyAdds) / 64
  }

  /// The part that does not depend on the levels, for pictures of a grid of this many columns.
  func featureStream(columns: Int) -> FeatureStream { FeatureStream(self, columns: columns) }

  /// The part that does, for a grid of this many columns.
  func latentStream(columns: Int) -> LatentStream { LatentStream(self, columns: columns) }

  /// Takes rows of pixels from above to below and gives rows of features as soon as they are known.
  struct FeatureStream {
    private let network: EncoderNetwork
    private var fine: BlockChain
    /// Rows at 1/8, of which two make one of the result.
    private var done: TensorRows
    /// The linear skip connection's rows that the blocks have not come to.
    private var linear: TensorRows

    init(_ network: EncoderNetwork, columns: Int) {
      self.network = network
      let channels = network.stem.outputs
      fine = BlockChain(network.fine, columns: 2 * columns, channels: channels)
      done = TensorRows(columns: 2 * columns, channels: channels)
      linear = TensorRows(columns: columns, channels: CosineTransform.count)
    }

    /// Pixels [16 n, w, 3] -> features of m rows: in all as many, after the last ones all of them.
    mutating func push(_ pixels: TensorSlice, isLast: Bool) -> EncoderFeatures {
      let pool = network.pool
      network.cosines.analyze(TensorSlice(pixels.unshuffled(16, pool)), to: &linear)
      done.append(fine.push(network.stem(pixels.unshuffled(8, pool)), isLast: isLast))
      let start = done.rows.lowerBound
      let end = done.rows.upperBound / 2 * 2
      let nonlinear = network.down(done.slice(start..<end).unshuffled(2, pool))
      let features = EncoderFeatures(
        nonlinear: TensorSlice(nonlinear), linear: TensorSlice(linear[start / 2..<end / 2]))
      done.drop(before: end)
      linear.drop(before: end / 2)
      return features
    }
  }

  /// Takes rows of features from above to below and gives rows of latents as soon as they are known.
  struct LatentStream {
    private let network: EncoderNetwork
    private var coarse: BlockChain
    private var linear: TensorRows
    /// Levels of the rows in `linear`.
    private var levels: [UInt8] = []

    init(_ network: EncoderNetwork, columns: Int) {
      self.network = network
      coarse = BlockChain(
        network.coarse, columns: columns, channels: network.head.inputs)
      linear = TensorRows(columns: columns, channels: CosineTransform.count)
    }

    /// Latents [m, w/16, latents] from features of n rows: in all as many, after the last ones all of them.
    mutating func push(
      _ features: EncoderFeatures, levels: [UInt8], isLast: Bool
    ) -> Tensor {
      linear.append(features.linear)
      self.levels += levels
      let h = coarse.push(
        network.level(features.nonlinear, levels: levels, network.pool), isLast: isLast)
      let start = linear.rows.lowerBound
      let latents = network.sum(
        linear[start..<start + h.rows], network.head(h), levels: self.levels)
      linear.drop(before: start + h.rows)
      self.levels.removeFirst(h.positionCount)
      return latents
    }
  }
}

extension EncoderNetwork {
  /// The linear skip connection's latents plus the network's correction, bounded position by position.
  private func sum(_ linear: Tensor, _ terms: Tensor, levels: [UInt8]) -> Tensor {
    let (channels, corrected) = (linear.channels, terms.channels)
    return linear.values.withUnsafeBufferPointer { linear in
      terms.values.withUnsafeBufferPointer { terms in
        let sources = (Disjoint(linear), Disjoint(terms))
        return Tensor(
          rows: linear.count / channels, columns: 1, channels: channels, pool: pool
        ) { row, target in
          guard let linear = sources.0.value.baseAddress, let terms = sources.1.value.baseAddress
          else { return }
          target.update(from: linear + row * channels, count: channels)
          correction.add(terms + row * corrected, level: levels[row], count: corrected, to: target)
        }
      }
    }.reshaped(rows: linear.rows, columns: linear.columns)
  }
}

/// What the encoder computes once for all levels.
package struct EncoderFeatures: Sendable {
  /// [h/16, w/16, coarse]
  let nonlinear: TensorSlice
  /// The linear skip connection's latents, [h/16, w/16, latents].
  let linear: TensorSlice

  /// Rows of positions.
  package var rows: Int { linear.rows }

  init(nonlinear: TensorSlice, linear: TensorSlice) {
    self.nonlinear = nonlinear
    self.linear = linear
  }

  /// Features of rows one below the other, at least one.
  package init(joining parts: [EncoderFeatures]) {
    func joined(_ part: (EncoderFeatures) -> TensorSlice) -> TensorSlice {
      TensorSlice(
        Tensor(
          joining: parts.map { part($0).tensor }, columns: part(parts[0]).columns,
          channels: part(parts[0]).channels))
    }
    self.init(nonlinear: joined { $0.nonlinear }, linear: joined { $0.linear })
  }

  /// Some rows.
  func slice(_ rows: Range<Int>) -> EncoderFeatures {
    EncoderFeatures(nonlinear: nonlinear[rows], linear: linear[rows])
  }
}

func makeBlocks(
  _ name: String, count: Int, channels: Int, _ c: ModelConfiguration, from file: Safetensors,
  pool: WorkerPool
) throws(ModelError) -> [Block] {
  var blocks: [Block] = []
  for k in 0..<count {
    blocks.append(
      try Block("\(name).\(k)", channels: channels, slope: c.slope, from: file, pool: pool))
  }
  return blocks
}

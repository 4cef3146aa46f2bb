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
  ///
  /// - Parameter known: what the blocks have made of the same picture before.
  func featureStream(
    columns: Int, outside: OutsidePositions?, known: [TensorSlice]? = nil
  ) -> FeatureStream {
    FeatureStream(self, columns: columns, outside: outside, known: known)
  }

  /// The part that does, for a grid of this many columns.
  func latentStream(columns: Int, outside: OutsidePositions?) -> LatentStream {
    LatentStream(self, columns: columns, outside: outside)
  }

  /// Takes rows of pixels from above to below and gives rows of features as soon as they are known.
  struct FeatureStream {
    private let network: EncoderNetwork
    /// What is known of the nonlinear part of rows to come; nil where it is to be computed.
    private var known: ArraySlice<TensorSlice>?
    private var fine: BlockChain
    /// Rows at 1/8, of which two make one of the result.
    private var done: TensorRows
    /// The linear skip connection's rows that the blocks have not come to.
    private var linear: TensorRows

    init(
      _ network: EncoderNetwork, columns: Int, outside: OutsidePositions?, known: [TensorSlice]?
    ) {
      self.network = network
      self.known = known?[...]
      let channels = network.stem.outputs
      fine = BlockChain(
        network.fine, columns: 2 * columns, channels: channels, outside: outside)
      done = TensorRows(columns: 2 * columns, channels: channels)
      linear = TensorRows(columns: columns, channels: CosineTransform.count)
    }

    /// Pixels [16 n, w, 3] -> features of m rows: in all as many, after the last ones all of them.
    mutating func push(_ pixels: TensorSlice, isLast: Bool) -> EncoderFeatures {
      network.cosines.analyze(TensorSlice(pixels.unshuffled(16, network.pool)), to: &linear)
      let nonlinear = takeKnown() ?? computed(pixels, isLast: isLast)
      return EncoderFeatures(nonlinear: nonlinear, linear: linear.removeFirst(nonlinear.rows))
    }

    private mutating func computed(_ pixels: TensorSlice, isLast: Bool) -> TensorSlice {
      let pool = network.pool
      done.append(fine.push(network.stem(pixels.unshuffled(8, pool)), isLast: isLast))
      let rows = done.removeFirst(done.rows.count / 2 * 2)
      return TensorSlice(network.down(rows.unshuffled(2, pool)))
    }

    /// The known parts whose rows have come.
    private mutating func takeKnown() -> TensorSlice? {
      guard var known else { return nil }
      var taken: [TensorSlice] = []
      var rows = 0
      while let part = known.first, rows + part.rows <= linear.rows.count {
        taken.append(part)
        rows += part.rows
        known.removeFirst()
      }
      self.known = known
      if taken.count == 1 { return taken[0] }
      return TensorSlice(
        Tensor(
          joining: taken.map { $0.tensor }, columns: linear.columns, channels: network.down.outputs)
      )
    }
  }

  /// Takes rows of features from above to below and gives rows of latents as soon as they are known.
  struct LatentStream {
    private let network: EncoderNetwork
    private var coarse: BlockChain
    private var linear: TensorRows
    /// Levels of the rows in `linear`.
    private var levels: [UInt8] = []

    init(_ network: EncoderNetwork, columns: Int, outside: OutsidePositions?) {
      self.network = network
      coarse = BlockChain(
        network.coarse, columns: columns, channels: network.head.inputs, outside: outside)
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
      let latents = network.sum(linear.removeFirst(h.rows), network.head(h), levels: self.levels)
      self.levels.removeFirst(h.positionCount)
      return latents
    }
  }
}

extension EncoderNetwork {
  /// The linear skip connection's latents plus the network's correction, bounded position by position.
  private func sum(_ linear: TensorSlice, _ terms: Tensor, levels: [UInt8]) -> Tensor {
    let (channels, corrected) = (linear.channels, terms.channels)
    return linear.withValues { linear in
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
  /// What the blocks make of the pixels, [h/16, w/16, coarse].
  package let nonlinear: TensorSlice
  /// The linear skip connection's latents, [h/16, w/16, latents].
  let linear: TensorSlice

  /// Rows of positions.
  package var rows: Int { linear.rows }

  init(nonlinear: TensorSlice, linear: TensorSlice) {
    self.nonlinear = nonlinear
    self.linear = linear
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

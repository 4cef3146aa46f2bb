package import GQBitstream
package import GQModel

/// The stages of coding one after the other, each for the whole picture, so that they can be timed one by one.
package struct EncodingStages {
  private let network: Network
  private let picture: Picture
  private let levelMap: LevelMap
  private let quantizer: TrellisQuantizer

  /// Stages for a picture in memory with the levels that its file has.
  ///
  /// - Throws: `CodecError` when the file's quantizer does not fit the model.
  package init(network: Network, picture: Picture, file: CodedPicture) throws {
    self.network = network
    self.picture = picture
    levelMap = file.levelMap
    quantizer = try TrellisQuantizer(
      file.header, table: network.levels, pool: network.pool)
  }

  /// From samples to the network's input.
  package func padded() -> Tensor { picture.networkInput(network.pool) }

  /// The encoder's part that does not depend on levels.
  package func features(_ input: Tensor) throws -> EncoderFeatures { try network.features(input) }

  /// The prediction of distortions.
  package func expectedErrors(_ features: EncoderFeatures) throws {
    _ = try network.expectedErrors(features)
  }

  /// The encoder's other part.
  package func latents(_ features: EncoderFeatures) throws -> Tensor {
    try network.latents(features, levels: levelMap.levels)
  }

  /// The conditional prior over all phases, with the transforms back to latents.
  package func prior() -> Tensor {
    network.decodedLatents(
      rows: levelMap.rows, columns: levelMap.columns, levels: levelMap.levels
    ) { prediction in
      Array(repeating: 0, count: prediction.levels.count * network.levels.width)
    }
  }

  /// Posteriors of exact divergence, and the search for codewords, for as many coefficients as the file has.
  package func search() throws {
    let width = network.levels.width
    let count = levelMap.levels.count
    // As many positions as a phase of a tile has.
    let tiles = stride(from: 0, to: count, by: 64).map { Array($0..<min(count, $0 + 64)) }
    var seed: UInt32 = 1
    let coefficients = (0..<count * width).map { _ in
      seed = seed &* 1_664_525 &+ 1_013_904_223
      return Float(Int32(bitPattern: seed)) * 0x1p-30
    }
    let offsets = [Float](repeating: 0, count: count * width)
    var posterior = Posterior(levels: levelMap.levels, width: width)
    var paths = [TilePath](repeating: TilePath(), count: tiles.count)
    for group in 0..<network.levels.groupCount {
      posterior.set(
        coefficients, logVarianceOffsets: offsets,
        groups: DivergenceGroup.tiles(
          levels: levelMap.levels, .second, group: group, tiles: tiles, table: network.levels),
        limit: SoftLimit(network.configuration), pool: network.pool)
      _ = try quantizer.quantize(
        posterior, .second, group: group, tiles: tiles, paths: &paths)
    }
  }

  /// The decoder.
  package func pixels(_ latents: Tensor) throws -> Tensor {
    try network.pixels(latents, levels: levelMap.levels)
  }

  /// From the network's output to samples.
  package func samples(_ pixels: Tensor) {
    _ = Picture(
      networkOutput: pixels, width: picture.width, height: picture.height,
      colorType: picture.colorType, network.pool)
  }
}

import Bitstream
import Model

/// What error each level makes at each position.
struct LevelErrors {
  let network: Network
  let quantizer: any CoefficientQuantizer
  let header: Header
  let features: EncoderFeatures
  let source: Tensor

  /// Sums of distortions [level][position], predicted or measured; squared errors, or what else the model is tuned for.
  ///
  /// `effort` 1 to 6 asks the predictor, which costs next to nothing; 7 and 8 code the picture with one level
  /// throughout for every level, noise standing in for codewords; 9 does so with codewords. For
  /// other distortions than squared errors the predictor is always asked.
  func estimate(effort: Int) throws -> [[Double]] {
    if effort < 7 || network.configuration.tuning != .psnr { return try predicted() }
    let positions = header.columns * header.rows
    return try (0..<network.levels.levels.count).map { level in
      try measured([UInt8](repeating: UInt8(level), count: positions), codewords: effort == 9)
    }
  }

  private func predicted() throws -> [[Double]] {
    let errors = try network.expectedErrors(features)
    let count = errors.channels
    return (0..<count).map { level in
      (0..<errors.positionCount).map { position in
        Double(errors.values[position * count + level]) * samples(position)
      }
    }
  }

  /// Samples of the picture, without padding, that a position covers.
  private func samples(_ position: Int) -> Double {
    let stride = Header.stride
    let (row, column) = position.quotientAndRemainder(dividingBy: header.columns)
    return Double(
      min(stride, header.height - row * stride) * min(stride, header.width - column * stride) * 3)
  }

  private func measured(_ levels: [UInt8], codewords: Bool) throws -> [Double] {
    let coder = LatentCoder(
      network: network, quantizer: quantizer, header: header,
      levelMap: LevelMap(columns: header.columns, rows: header.rows, levels: levels))
    let latents =
      codewords
      ? try coder.encode(features).latents : try coder.simulate(features, .expectedError)
    return positionErrors(
      try network.pixels(latents, levels: levels), source, width: header.width,
      height: header.height)
  }
}

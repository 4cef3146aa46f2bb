import Bitstream
import Model

/// What error each level makes at each position.
struct LevelErrors {
  let network: Network
  let quantizer: any CoefficientQuantizer
  let header: Header
  let features: EncoderFeatures
  let source: Tensor

  /// Sums of distortions [level][position]; squared errors, or what else the model is tuned for.
  ///
  /// `effort` 1 to 6 asks the predictor, which costs next to nothing. From 7 on the picture is also coded with one level
  /// throughout for every level, noise standing in for codewords, once at 7, twice at 8, four times at 9; predictions
  /// steady what is measured. For other distortions than squared errors the predictor alone is asked.
  func estimate(effort: Int) throws -> [[Double]] {
    let predicted = try predicted()
    guard effort >= 7, network.configuration.tuning == .psnr else { return predicted }
    let draws = 1 << (effort - 7)
    return try predicted.enumerated().map { level, predicted in
      var sums = [Double](repeating: 0, count: predicted.count)
      for draw in 0..<draws {
        for (position, error) in try measured(level: UInt8(level), draw: draw).enumerated() {
          sums[position] += error
        }
      }
      return zip(predicted, sums).map { ($0 * $1 / Double(draws)).squareRoot() }
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

  private func measured(level: UInt8, draw: Int) throws -> [Double] {
    let levels = [UInt8](repeating: level, count: header.columns * header.rows)
    let coder = LatentCoder(
      network: network, quantizer: quantizer, header: header,
      levelMap: LevelMap(columns: header.columns, rows: header.rows, levels: levels),
      hasPositionsAlone: true)
    let latents = try coder.simulate(features, .expectedError, draw: draw)
    return positionErrors(
      try network.pixels(latents, levels: levels), source, width: header.width,
      height: header.height)
  }
}

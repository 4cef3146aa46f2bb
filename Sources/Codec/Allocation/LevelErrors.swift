import GQBitstream
import GQModel

/// What error each level makes at each position: sums of distortions [position, level]; squared errors, or what else the
/// model is tuned for.
struct LevelErrors {
  let header: Header
  private(set) var values: [Float] = []

  init(header: Header) { self.header = header }

  /// Takes rows of mean errors [n, columns, levels] as the predictor gives them.
  mutating func append(_ rows: Tensor) {
    let first = values.count / rows.channels
    if values.isEmpty { values.reserveCapacity(header.columns * header.rows * rows.channels) }
    var rows = rows
    let (count, channels) = (rows.positionCount, rows.channels)
    rows.values.withUnsafeMutableBufferPointer { values in
      for position in 0..<count {
        let samples = samples(first + position)
        for k in position * channels..<(position + 1) * channels { values[k] *= samples }
      }
    }
    values += rows.values
  }

  /// The mean of predictions, in place of which `draws` measurements were made, and of these: the picture is coded with
  /// one level throughout for every level, noise standing in for codewords. Predictions steady what is measured.
  ///
  /// - Parameters:
  ///   - draws: how often each level is measured.
  ///   - source: the network's input.
  ///   - outside: of the grid.
  mutating func measure(
    draws: Int, network: Network, quantizer: TrellisQuantizer, source: Tensor,
    outside: OutsidePositions?
  ) throws {
    let count = network.levels.levelCount
    let features = try network.features(source, outside: outside)
    for level in 0..<count {
      let levels = [UInt8](repeating: UInt8(level), count: header.columns * header.rows)
      let coder = LatentCoder(
        network: network, quantizer: quantizer, header: header,
        levelMap: LevelMap(columns: header.columns, rows: header.rows, levels: levels),
        outside: outside, hasPositionsAlone: true)
      var sums = [Double](repeating: 0, count: levels.count)
      for draw in 0..<draws {
        let latents = try coder.simulate(features, .expectedError, draw: draw)
        let errors = positionErrors(
          try network.pixels(latents, levels: levels, outside: outside), source,
          width: header.width, height: header.height)
        for (position, error) in errors.enumerated() { sums[position] += error }
      }
      for (position, sum) in sums.enumerated() {
        let place = position * count + level
        values[place] = Float((Double(values[place]) * sum / Double(draws)).squareRoot())
      }
    }
  }

  /// The errors of all levels at a position.
  subscript(_ position: Int) -> [Float] {
    get { Array(values[position * levelCount..<(position + 1) * levelCount]) }
    set {
      values.replaceSubrange(position * levelCount..<(position + 1) * levelCount, with: newValue)
    }
  }

  /// Takes positions for graphics: no level errs there. Errors beside them are taken to be larger: edges between photographs and
  /// what is exact are seen first and foreseen worst.
  mutating func clear(_ mask: [Bool]) {
    let count = levelCount
    for (position, isSet) in mask.enumerated() {
      guard isSet || neighbours(position).contains(where: { mask[$0] }) else { continue }
      for level in 0..<count {
        values[position * count + level] *= isSet ? 0 : Self.edgeWeight
      }
    }
  }

  private static let edgeWeight: Float = 2

  /// Takes levels of at most so many bits to have at least so large an error at a position.
  mutating func raise(_ position: Int, _ bits: [Int], upTo most: Int, to error: Float) {
    for (level, bits) in bits.enumerated() where bits <= most {
      let place = position * levelCount + level
      values[place] = max(values[place], error)
    }
  }

  /// The positions around one.
  func neighbours(_ position: Int) -> [Int] {
    let (row, column) = position.quotientAndRemainder(dividingBy: header.columns)
    return (max(0, row - 1)...min(header.rows - 1, row + 1)).flatMap { y in
      (max(0, column - 1)...min(header.columns - 1, column + 1)).compactMap { x in
        y == row && x == column ? nil : y * header.columns + x
      }
    }
  }

  /// Whether a position is graphics, so that no level errs there.
  func isCleared(_ position: Int) -> Bool { values[position * levelCount] == 0 }

  private var levelCount: Int { values.count / (header.columns * header.rows) }

  /// Samples of the picture, without padding, that a position covers.
  func samples(_ position: Int) -> Float {
    let stride = Header.stride
    let (row, column) = position.quotientAndRemainder(dividingBy: header.columns)
    return Float(
      min(stride, header.height - row * stride) * min(stride, header.width - column * stride) * 3)
  }
}

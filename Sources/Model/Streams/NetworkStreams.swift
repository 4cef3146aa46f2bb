// The network for pictures whose rows come one after the other. Every stream takes rows from above to below, runs a few
// rows behind, and gives what it would give for the whole picture, however many rows come at a time.

/// Calls `body` for rows of a grid, a few at a time, and tells which are the last.
private func forEachSlice<Failure: Error>(
  rows: Int, columns: Int, isLast: Bool, _ body: (Range<Int>, Bool) throws(Failure) -> Void
) throws(Failure) {
  let step = Network.rowsPerPush(columns: columns)
  var first = 0
  repeat {
    let end = min(rows, first + step)
    try body(first..<end, isLast && end == rows)
    first = end
  } while first < rows
}

/// From pixels to features.
package struct FeatureStream {
  private var stream: EncoderNetwork.FeatureStream

  init(_ stream: EncoderNetwork.FeatureStream) { self.stream = stream }

  /// Takes pixels [16 n, w, 3] in -1...1 and calls `body` with what features are known then.
  package mutating func push<Failure: Error>(
    _ pixels: Tensor, isLast: Bool, _ body: (EncoderFeatures) throws(Failure) -> Void
  ) throws(Failure) {
    let stride = Network.stride
    try forEachSlice(rows: pixels.rows / stride, columns: pixels.columns / stride, isLast: isLast) {
      (rows, isLast) throws(Failure) in
      let part = TensorSlice(pixels)[rows.lowerBound * stride..<rows.upperBound * stride]
      let features = stream.push(part, isLast: isLast)
      if features.rows > 0 { try body(features) }
    }
  }
}

/// From features to latents.
package struct LatentStream {
  private var stream: EncoderNetwork.LatentStream
  private let levels: [UInt8]
  private var next = 0

  init(_ stream: EncoderNetwork.LatentStream, levels: [UInt8]) {
    self.stream = stream
    self.levels = levels
  }

  /// Takes features and calls `body` with what latents are known then.
  package mutating func push<Failure: Error>(
    _ features: EncoderFeatures, isLast: Bool, _ body: (Tensor) throws(Failure) -> Void
  ) throws(Failure) {
    let columns = features.linear.columns
    try forEachSlice(rows: features.rows, columns: columns, isLast: isLast) {
      (rows, isLast) throws(Failure) in
      let part = Array(
        levels[(next + rows.lowerBound) * columns..<(next + rows.upperBound) * columns])
      let latents = stream.push(features.slice(rows), levels: part, isLast: isLast)
      if latents.rows > 0 { try body(latents) }
    }
    next += features.rows
  }
}

/// From features to the distortion that is expected of each level.
package struct ErrorStream {
  private var stream: PredictorNetwork.Stream

  init(_ stream: PredictorNetwork.Stream) { self.stream = stream }

  /// Takes features and returns what is known then, as ``Network/expectedErrors(_:)`` does.
  package mutating func push(
    _ features: EncoderFeatures, isLast: Bool
  ) -> Tensor {
    stream.push(features.linear, isLast: isLast)
  }
}

/// From decoded latents to pixels.
package struct PixelStream {
  private var stream: DecoderNetwork.Stream

  init(_ stream: DecoderNetwork.Stream) { self.stream = stream }

  /// Takes latents [n, w/16, latents] with their levels and calls `body` with what pixels are known then, [m, w, 3].
  package mutating func push<Failure: Error>(
    _ latents: Tensor, levels: [UInt8], isLast: Bool, _ body: (Tensor) throws(Failure) -> Void
  ) throws(Failure) {
    let columns = latents.columns
    try forEachSlice(rows: latents.rows, columns: columns, isLast: isLast) {
      (rows, isLast) throws(Failure) in
      let part = Array(levels[rows.lowerBound * columns..<rows.upperBound * columns])
      let pixels = stream.push(TensorSlice(latents)[rows], levels: part, isLast: isLast)
      if pixels.rows > 0 { try body(pixels) }
    }
  }
}

extension Network {
  /// Rows of positions that go through a stream at a time: few enough that activations stay near the processor, enough to
  /// fill it.
  package static func rowsPerPush(columns: Int) -> Int { max(1, 2048 / columns) }

  /// From pixels to features, for a grid of this many columns.
  ///
  /// - Parameters:
  ///   - outside: of the grid, as for all streams.
  ///   - known: the nonlinear part of the same picture's features, which is not computed again then.
  package func featureStream(
    columns: Int, outside: OutsidePositions? = nil, known: [TensorSlice]? = nil
  ) throws(ModelError) -> FeatureStream {
    FeatureStream(try encoder.featureStream(columns: columns, outside: outside, known: known))
  }

  /// From features to latents, for a grid of this many columns with these levels.
  package func latentStream(
    columns: Int, levels: [UInt8], outside: OutsidePositions? = nil
  ) throws(ModelError) -> LatentStream {
    LatentStream(try encoder.latentStream(columns: columns, outside: outside), levels: levels)
  }

  /// From features to expected distortions, for a grid of this many columns.
  package func errorStream(
    columns: Int, outside: OutsidePositions? = nil
  ) throws(ModelError) -> ErrorStream {
    ErrorStream(try predictor.stream(columns: columns, outside: outside))
  }

  /// From latents to pixels, for a grid of this many columns.
  package func pixelStream(
    columns: Int, outside: OutsidePositions? = nil
  ) throws(ModelError) -> PixelStream {
    PixelStream(try decoder.stream(columns: columns, outside: outside))
  }
}

import GQBitstream
import GQModel

/// A picture, or a region of one, that is about to be decoded. ``GQDecoder/open(_:region:limits:)`` makes it.
package struct PictureDecoding: Sendable {
  /// Pixels in a row.
  package var width: Int { region.width }
  /// Rows.
  package var height: Int { region.height }
  /// What the samples of one pixel mean.
  package let colorType: Picture.ColorType
  /// `height * width` samples, row by row; nil when the picture has no alpha.
  package let alpha: [UInt8]?
  /// What the picture says of itself beside its pixels.
  package let metadata: PictureMetadata

  /// What the network and graphics decode: grey where three components are equal.
  private let coded: Picture.ColorType
  /// Nil where all is graphics.
  private let codes: Codes?
  private let region: PixelRegion
  private let overlay: GraphicsOverlay?
  /// About as many positions are worked on at a time.
  var bandPositions = LatentCoder.bandPositions

  /// What the network decodes.
  struct Codes: Sendable {
    let coder: LatentCoder
    let segments: [[UInt8]?]
    let conceals: Bool
    let window: GridWindow
  }

  init(
    _ codes: Codes?, file: FileStructure, region: PixelRegion, alpha: AlphaPlane?,
    overlay: GraphicsOverlay?
  ) {
    self.overlay = overlay
    self.codes = codes
    self.region = region
    colorType = file.header.colorType == .grey ? .grey : .rgb
    coded = file.header.colorType.isGrey ? .grey : .rgb
    metadata = PictureMetadata(
      iccProfile: file.ancillary(Chunk.iccProfile), exif: file.ancillary(Chunk.exif),
      xmp: file.ancillary(Chunk.xmp))
    self.alpha = alpha.map { plane in
      region.width == plane.width && region.height == plane.height
        ? plane.samples
        : (region.y..<region.y + region.height).flatMap { row in
          plane.samples[
            row * plane.width + region.x..<row * plane.width + region.x + region.width]
        }
    }
  }

  /// Whether the picture comes in more than one part, on more than one thread.
  package var isPipelined: Bool {
    guard let codes else { return height > Rows.graphicsRows && WorkerPool.coreCount > 1 }
    return codes.coder.network.pool.threadCount > 1
      && codes.window.columns.count * codes.window.rows.count > bandPositions
  }

  /// The samples of all rows from top to bottom, some rows at a time.
  ///
  /// Memory is that of a few rows of tiles, whatever the picture's height.
  ///
  /// - Throws: `BitstreamError` for codes that end early, `ModelError` for weights that cannot decode.
  package func rows() throws(CodingFailure) -> Rows { try Rows(self) }

  /// Gives the samples of a picture from top to bottom.
  package struct Rows {
    private let decoding: PictureDecoding
    /// Nil where all that is asked for is graphics.
    private var network: NetworkRows?
    /// Rows that were given.
    private var given = 0
    private var overlay: GraphicsOverlay?

    init(_ decoding: PictureDecoding) throws(CodingFailure) {
      self.decoding = decoding
      overlay = decoding.overlay
      guard let codes = decoding.codes else { return }
      let region = decoding.region
      let isCovered =
        !codes.conceals
        && decoding.overlay?.covers(
          rows: region.y..<region.y + region.height, columns: region.x..<region.x + region.width)
          == true
      if !isCovered {
        network = try NetworkRows(
          codes, region, decoding.coded, bandPositions: decoding.bandPositions)
      }
    }

    /// The samples of the next rows, at least one; nil after the last.
    ///
    /// - Throws: `BitstreamError`.
    package mutating func next() throws(CodingFailure) -> [UInt8]? {
      guard var samples = try network == nil ? nextOfGraphics() : network?.next() else {
        return nil
      }
      try paste(into: &samples)
      guard decoding.colorType != decoding.coded else { return samples }
      return [UInt8](unsafeUninitializedCapacity: 3 * samples.count) { pixels, count in
        for (k, sample) in samples.enumerated() {
          for c in 3 * k..<3 * k + 3 { pixels[c] = sample }
        }
        count = 3 * samples.count
      }
    }

    /// Puts graphics over the samples of the rows that come next.
    private mutating func paste(into samples: inout [UInt8]) throws(CodingFailure) {
      let (region, components) = (decoding.region, decoding.coded.componentCount)
      let rows = given..<given + samples.count / (region.width * components)
      given = rows.upperBound
      do throws(BitstreamError) {
        try overlay?.paste(
          into: &samples, rows: region.y + rows.lowerBound..<region.y + rows.upperBound,
          columns: region.x..<region.x + region.width, components: components)
      } catch {
        throw error.failure
      }
    }

    /// Rows of graphics alone that are given at a time.
    static let graphicsRows = 256

    /// What is under the next rows of a picture that is graphics alone: medium grey, for those that are damaged.
    private func nextOfGraphics() -> [UInt8]? {
      let count = min(decoding.height - given, Self.graphicsRows)
      guard count > 0 else { return nil }
      return [UInt8](
        repeating: 128, count: count * decoding.width * decoding.coded.componentCount)
    }
  }

  /// Gives the samples of a region that the network decodes from top to bottom.
  private struct NetworkRows {
    private let codes: Codes
    private let region: PixelRegion
    private let colorType: Picture.ColorType
    private let levels: [UInt8]
    private var latents: LatentCoder.Decoding
    private var stream: PixelStream
    /// The row of latents and of pixels that comes next, counted in the window.
    private var (nextLatents, nextPixels) = (0, 0)

    init(
      _ codes: Codes, _ region: PixelRegion, _ colorType: Picture.ColorType, bandPositions: Int
    ) throws(CodingFailure) {
      self.codes = codes
      self.region = region
      self.colorType = colorType
      let (coder, window) = (codes.coder, codes.window)
      levels = window.cropped(coder.levels, gridColumns: coder.grid.columns)
      stream = try stage { () throws(ModelError) in
        try coder.network.pixelStream(
          columns: window.columns.count,
          outside: coder.outside?.cropped(rows: window.rows, columns: window.columns))
      }
      latents = try stage { () throws(BitstreamError) in
        try LatentCoder.Decoding(
          coder, codes.segments, window: window, conceals: codes.conceals,
          bandPositions: bandPositions)
      }
    }

    /// The samples of the next rows, at least one; nil after the last.
    mutating func next() throws(CodingFailure) -> [UInt8]? {
      var samples: [UInt8] = []
      while samples.isEmpty {
        let found = try stage { () throws(BitstreamError) in try latents.next() }
        guard let found else { return nil }
        push(found, to: &samples)
      }
      return samples
    }

    private mutating func push(_ latents: Tensor, to samples: inout [UInt8]) {
      let window = codes.window
      let columns = window.columns.count
      let left = region.x - window.columns.lowerBound * Network.stride
      let top = region.y - window.rows.lowerBound * Network.stride
      let rows = nextLatents..<nextLatents + latents.rows
      nextLatents = rows.upperBound
      var first = nextPixels
      stream.push(
        latents, levels: Array(levels[rows.lowerBound * columns..<rows.upperBound * columns]),
        isLast: nextLatents == window.rows.count
      ) { pixels in
        let known = first..<first + pixels.rows
        first = known.upperBound
        let used = known.clamped(to: top..<top + region.height)
        guard !used.isEmpty else { return }
        samples += samplesOfNetworkOutput(
          pixels, rows: used.lowerBound - known.lowerBound..<used.upperBound - known.lowerBound,
          columns: left..<left + region.width, colorType: colorType,
          codes.coder.network.pool)
      }
      nextPixels = first
    }
  }

  /// Calls `body` with all samples from top to bottom, whole rows at a time.
  ///
  /// - Throws: as `rows()`, and what `body` throws.
  package func forEachRows(_ body: ([UInt8]) throws(CodingFailure) -> Void) throws(CodingFailure) {
    var rows = try rows()
    while let samples = try rows.next() { try body(samples) }
  }

  /// The whole picture.
  ///
  /// - Throws: as `rows()`.
  package func picture() throws(CodingFailure) -> Picture {
    var samples: [UInt8] = []
    samples.reserveCapacity(width * height * colorType.componentCount)
    try forEachRows { (part) throws(CodingFailure) in samples += part }
    return Picture(
      width: width, height: height, colorType: colorType, samples: samples, alpha: alpha,
      metadata: metadata)
  }
}

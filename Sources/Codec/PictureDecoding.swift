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
  private let coder: LatentCoder
  private let segments: [[UInt8]?]
  private let conceals: Bool
  private let window: GridWindow
  private let region: PixelRegion
  private let overlay: GraphicsOverlay?
  /// About as many positions are worked on at a time.
  var bandPositions = LatentCoder.bandPositions

  init(
    coder: LatentCoder, file: FileStructure, segments: [[UInt8]?], conceals: Bool,
    window: GridWindow, region: PixelRegion, alpha: AlphaPlane?, overlay: GraphicsOverlay?
  ) {
    self.overlay = overlay
    self.coder = coder
    self.segments = segments
    self.conceals = conceals
    self.window = window
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
    coder.network.pool.threadCount > 1
      && window.columns.count * window.rows.count > bandPositions
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
    private let levels: [UInt8]
    private var latents: LatentCoder.Decoding
    private var stream: PixelStream
    /// The row of latents and of pixels that comes next, counted in the window.
    private var (nextLatents, nextPixels) = (0, 0)
    /// Rows that were given.
    private var given = 0
    private var overlay: GraphicsOverlay?
    /// Whether all that is asked for is graphics.
    private let isCovered: Bool

    init(_ decoding: PictureDecoding) throws(CodingFailure) {
      self.decoding = decoding
      overlay = decoding.overlay
      let region = decoding.region
      isCovered =
        !decoding.conceals
        && decoding.overlay?.covers(
          rows: region.y..<region.y + region.height, columns: region.x..<region.x + region.width)
          == true
      let (coder, window) = (decoding.coder, decoding.window)
      levels = window.cropped(coder.levels, gridColumns: coder.grid.columns)
      stream = try stage { () throws(ModelError) in
        try coder.network.pixelStream(columns: window.columns.count)
      }
      latents = try stage { () throws(BitstreamError) in
        try LatentCoder.Decoding(
          coder, decoding.segments, window: window, conceals: decoding.conceals,
          bandPositions: decoding.bandPositions)
      }
    }

    /// The samples of the next rows, at least one; nil after the last.
    ///
    /// - Throws: `BitstreamError`.
    package mutating func next() throws(CodingFailure) -> [UInt8]? {
      guard let samples = try isCovered ? nextOfGraphics() : nextOfNetwork() else { return nil }
      guard decoding.colorType != decoding.coded else { return samples }
      return [UInt8](unsafeUninitializedCapacity: 3 * samples.count) { pixels, count in
        for (k, sample) in samples.enumerated() {
          for c in 3 * k..<3 * k + 3 { pixels[c] = sample }
        }
        count = 3 * samples.count
      }
    }

    private mutating func nextOfNetwork() throws(CodingFailure) -> [UInt8]? {
      var samples: [UInt8] = []
      while samples.isEmpty {
        let found = try stage { () throws(BitstreamError) in try latents.next() }
        guard let found else { return nil }
        push(found, to: &samples)
      }
      try paste(into: &samples)
      return samples
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

    /// The next rows of a picture that is graphics alone: the network is not asked.
    private mutating func nextOfGraphics() throws(CodingFailure) -> [UInt8]? {
      let count = min(decoding.height - given, 256)
      guard count > 0 else { return nil }
      var samples = [UInt8](
        repeating: 0, count: count * decoding.width * decoding.coded.componentCount)
      try paste(into: &samples)
      return samples
    }

    private mutating func push(_ latents: Tensor, to samples: inout [UInt8]) {
      let (window, region) = (decoding.window, decoding.region)
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
          columns: left..<left + region.width, colorType: decoding.coded,
          decoding.coder.network.pool)
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

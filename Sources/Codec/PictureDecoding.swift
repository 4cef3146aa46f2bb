import GQBitstream
import GQModel

/// A picture, or a region of one, that is about to be decoded. ``GQDecoder/open(_:region:limits:)`` makes it.
public struct PictureDecoding: Sendable {
  /// Pixels in a row.
  public var width: Int { region.width }
  /// Rows.
  public var height: Int { region.height }
  /// What the samples of one pixel mean.
  public let colorType: Picture.ColorType
  /// `height * width` samples, row by row; nil when the picture has no alpha.
  public let alpha: [UInt8]?
  /// What the picture says of itself beside its pixels.
  public let metadata: PictureMetadata

  private let coder: LatentCoder
  private let segments: [[UInt8]?]
  private let conceals: Bool
  private let window: GridWindow
  private let region: PixelRegion
  /// About as many positions are worked on at a time.
  var bandPositions = LatentCoder.bandPositions

  init(
    coder: LatentCoder, file: FileStructure, segments: [[UInt8]?], conceals: Bool,
    window: GridWindow, region: PixelRegion, alpha: AlphaPlane?
  ) {
    self.coder = coder
    self.segments = segments
    self.conceals = conceals
    self.window = window
    self.region = region
    colorType = file.header.colorType == .grey ? .grey : .rgb
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

  /// Calls `body` with all samples from top to bottom, whole rows at a time.
  ///
  /// Memory is that of a few rows of tiles, whatever the picture's height.
  public func forEachRows(_ body: ([UInt8]) throws -> Void) throws {
    let stride = Network.stride
    let levels = window.cropped(coder.levels, gridColumns: coder.grid.columns)
    let columns = window.columns.count
    var stream = try coder.network.pixelStream(columns: columns)
    let left = region.x - window.columns.lowerBound * stride
    // The row of latents and of pixels that comes next, counted in the window.
    var (nextLatents, nextPixels) = (0, 0)
    let wanted = region.y - window.rows.lowerBound * stride
    try coder.decode(
      segments, window: window, conceals: conceals, bandPositions: bandPositions
    ) { latents in
      let rows = nextLatents..<nextLatents + latents.rows
      nextLatents = rows.upperBound
      try stream.push(
        latents, levels: Array(levels[rows.lowerBound * columns..<rows.upperBound * columns]),
        isLast: nextLatents == window.rows.count
      ) { pixels in
        let held = nextPixels..<nextPixels + pixels.rows
        nextPixels = held.upperBound
        let used = held.clamped(to: wanted..<wanted + height)
        guard !used.isEmpty else { return }
        try body(
          samplesOfNetworkOutput(
            pixels, rows: used.lowerBound - held.lowerBound..<used.upperBound - held.lowerBound,
            columns: left..<left + width, colorType: colorType, coder.network.pool))
      }
    }
  }

  /// The whole picture.
  public func picture() throws -> Picture {
    var samples: [UInt8] = []
    samples.reserveCapacity(width * height * colorType.componentCount)
    try forEachRows { samples += $0 }
    return Picture(
      width: width, height: height, colorType: colorType, samples: samples, alpha: alpha,
      metadata: metadata)
  }
}

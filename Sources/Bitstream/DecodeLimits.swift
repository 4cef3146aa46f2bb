/// What a reader accepts, checked before memory is taken.
package struct DecodeLimits: Sendable, Equatable {
  /// Most pixels in a picture.
  package var maxPixels: Int
  /// Most pixels along one side.
  package var maxDimension: Int
  /// Most tiles in a picture.
  package var maxTiles: Int
  /// Most bytes in the level map.
  package var maxLevelMapBytes: Int
  /// Most bytes in the graphics chunk.
  package var maxGraphicsBytes: Int
  /// Most bytes in an ancillary chunk.
  package var maxAncillaryBytes: Int
  /// Most ancillary chunks in a file.
  package var maxAncillaryChunks: Int

  /// Limits; the defaults allow 268 megapixels.
  package init(
    maxPixels: Int = 1 << 28, maxDimension: Int = 65_535, maxTiles: Int = 1 << 16,
    maxLevelMapBytes: Int = 32 << 20, maxGraphicsBytes: Int = 1 << 30,
    maxAncillaryBytes: Int = 64 << 20,
    maxAncillaryChunks: Int = 256
  ) {
    self.maxPixels = maxPixels
    self.maxDimension = maxDimension
    self.maxTiles = maxTiles
    self.maxLevelMapBytes = maxLevelMapBytes
    self.maxGraphicsBytes = maxGraphicsBytes
    self.maxAncillaryBytes = maxAncillaryBytes
    self.maxAncillaryChunks = maxAncillaryChunks
  }

  /// Whether a picture of this size may be read, and so written.
  ///
  /// - Throws: `BitstreamError.limitExceeded`.
  package func check(width: Int, height: Int) throws(BitstreamError) {
    let side = max(width, height)
    guard side <= maxDimension else {
      throw .limitExceeded(what: "picture side", found: side, limit: maxDimension)
    }
    let (pixels, overflows) = width.multipliedReportingOverflow(by: height)
    guard !overflows, pixels <= maxPixels else {
      throw .limitExceeded(
        what: "number of pixels", found: overflows ? .max : pixels, limit: maxPixels)
    }
  }
}

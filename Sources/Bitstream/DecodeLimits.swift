/// What a reader accepts, checked before memory is taken.
public struct DecodeLimits: Sendable, Equatable {
  /// Most pixels in a picture.
  public var maxPixels: Int
  /// Most pixels along one side.
  public var maxDimension: Int
  /// Most tiles in a picture.
  public var maxTiles: Int
  /// Most bytes in the level map.
  public var maxLevelMapBytes: Int
  /// Most bytes in an ancillary chunk.
  public var maxAncillaryBytes: Int
  /// Most ancillary chunks in a file.
  public var maxAncillaryChunks: Int

  /// Limits; the defaults allow 268 megapixels.
  public init(
    maxPixels: Int = 1 << 28, maxDimension: Int = 65_535, maxTiles: Int = 1 << 16,
    maxLevelMapBytes: Int = 32 << 20, maxAncillaryBytes: Int = 64 << 20,
    maxAncillaryChunks: Int = 256
  ) {
    self.maxPixels = maxPixels
    self.maxDimension = maxDimension
    self.maxTiles = maxTiles
    self.maxLevelMapBytes = maxLevelMapBytes
    self.maxAncillaryBytes = maxAncillaryBytes
    self.maxAncillaryChunks = maxAncillaryChunks
  }
}

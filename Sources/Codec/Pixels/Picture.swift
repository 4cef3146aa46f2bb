/// A still picture in memory: eight bits per sample, rows from top to bottom, samples interleaved.
public struct Picture: Sendable, Equatable {
  /// What the samples of one pixel mean.
  public enum ColorType: UInt8, Sendable, CaseIterable {
    /// Red, green and blue, sRGB unless the profile says otherwise.
    case rgb = 0
    /// One grey component.
    case grey = 1

    /// Samples per pixel: 3 or 1.
    public var componentCount: Int { self == .rgb ? 3 : 1 }
  }

  /// Pixels in a row, at least 1.
  public let width: Int
  /// Rows, at least 1.
  public let height: Int
  /// What the samples of one pixel mean.
  public let colorType: ColorType
  /// `height * width * colorType.componentCount` samples, row by row, interleaved.
  public let samples: [UInt8]
  /// `height * width` samples, row by row, 0 transparent to 255 opaque, colours not multiplied by it; nil when
  /// the picture has no alpha.
  public let alpha: [UInt8]?
  /// What the picture says of itself beside its pixels.
  public var metadata: PictureMetadata

  /// Makes a picture from its samples.
  ///
  /// A wrong number of samples is a mistake of the caller and stops the program.
  public init(
    width: Int, height: Int, colorType: ColorType, samples: [UInt8], alpha: [UInt8]? = nil,
    metadata: PictureMetadata = PictureMetadata()
  ) {
    precondition(width > 0 && height > 0, "a picture has at least one pixel")
    precondition(samples.count == width * height * colorType.componentCount)
    precondition(alpha.map { $0.count == width * height } ?? true)
    self.width = width
    self.height = height
    self.colorType = colorType
    self.samples = samples
    self.alpha = alpha
    self.metadata = metadata
  }
}

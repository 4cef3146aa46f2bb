public import GQCodec

/// A picture as it was read, and what was lost on the way.
public struct PictureFile: Sendable, Equatable {
  /// The picture, upright.
  public let picture: Picture
  /// The format it came in.
  public let format: PictureFormat
  /// What is not as in the file; empty when everything is.
  public let conversions: [Conversion]

  /// The same with other metadata.
  public func with(metadata: PictureMetadata) -> PictureFile {
    var other = picture
    other.metadata = metadata
    return PictureFile(picture: other, format: format, conversions: conversions)
  }
}

package import GQCodec

/// A picture as it was read, and what was lost on the way.
package struct PictureFile: Sendable, Equatable {
  /// The picture, upright.
  package let picture: Picture
  /// The format it came in.
  package let format: PictureFormat
  /// What is not as in the file; empty when everything is.
  package let conversions: [Conversion]

  /// The same with other metadata.
  package func with(metadata: PictureMetadata) -> PictureFile {
    var other = picture
    other.metadata = metadata
    return PictureFile(picture: other, format: format, conversions: conversions)
  }
}

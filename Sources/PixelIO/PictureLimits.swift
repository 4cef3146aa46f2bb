/// The largest picture that is read. Checked before memory is taken for it.
package struct PictureLimits: Sendable, Equatable {
  /// Pixels in all.
  package var maxPixels: Int
  /// Pixels in a row, and rows.
  package var maxDimension: Int
  /// Bytes of an ICC profile, of an Exif block and of an XMP packet.
  package var maxMetadataBytes: Int

  /// Makes limits; the standard ones are 2^28 pixels, 65535 a side and 16 MiB for each kind of metadata.
  package init(
    maxPixels: Int = 1 << 28, maxDimension: Int = 65535, maxMetadataBytes: Int = 16 << 20
  ) {
    precondition(maxPixels > 0 && maxDimension > 0, "a limit below one picture reads nothing")
    precondition(maxMetadataBytes > 0)
    self.maxPixels = maxPixels
    self.maxDimension = maxDimension
    self.maxMetadataBytes = maxMetadataBytes
  }

  /// Throws unless a picture of this size is within the limits.
  func check(width: Int, height: Int) throws(PixelIOError) {
    guard width <= maxDimension && height <= maxDimension else {
      throw .sideTooLong(width: width, height: height, limit: maxDimension)
    }
    let (pixels, overflow) = width.multipliedReportingOverflow(by: height)
    guard !overflow && pixels <= maxPixels else {
      throw .tooManyPixels(width: width, height: height, limit: maxPixels)
    }
  }

  /// Throws unless metadata of this size is within the limits.
  func check(_ metadata: Conversion.Metadata, byteCount: Int) throws(PixelIOError) {
    guard byteCount <= maxMetadataBytes else {
      throw .metadataTooLarge(metadata, found: byteCount, limit: maxMetadataBytes)
    }
  }
}

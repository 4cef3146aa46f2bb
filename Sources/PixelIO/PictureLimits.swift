/// The largest picture that is read. Checked before memory is taken for its pixels.
public struct PictureLimits: Sendable, Equatable {
  /// Pixels in all.
  public var maxPixels: Int
  /// Pixels in a row, and rows.
  public var maxDimension: Int

  /// Makes limits; the standard ones are 2^28 pixels and 65535 a side.
  public init(maxPixels: Int = 1 << 28, maxDimension: Int = 65535) {
    precondition(maxPixels > 0 && maxDimension > 0, "a limit below one picture reads nothing")
    self.maxPixels = maxPixels
    self.maxDimension = maxDimension
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
}

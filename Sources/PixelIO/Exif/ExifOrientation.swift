/// How a stored picture must be turned to stand upright. Raw values are those of the Exif tag.
enum ExifOrientation: Int, Sendable, CaseIterable {
  /// As stored.
  case upright = 1
  /// Left and right swapped.
  case mirrored = 2
  /// Turned by half a turn.
  case upsideDown = 3
  /// Top and bottom swapped.
  case flipped = 4
  /// Rows and columns swapped.
  case transposed = 5
  /// To be turned by a quarter, clockwise.
  case turnedLeft = 6
  /// Rows and columns swapped along the other diagonal.
  case transversed = 7
  /// To be turned by a quarter, counterclockwise.
  case turnedRight = 8

  /// Whether the upright picture is as wide as the stored one is high.
  var swapsSides: Bool { rawValue >= 5 }
}

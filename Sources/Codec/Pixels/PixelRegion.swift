package import GQBitstream

/// A rectangle of pixels.
public struct PixelRegion: Sendable, Equatable {
  /// The leftmost column.
  public let x: Int
  /// The uppermost row.
  public let y: Int
  /// Columns, at least 1.
  public let width: Int
  /// Rows, at least 1.
  public let height: Int

  /// A rectangle; whether it lies in a picture is checked where it is used.
  public init(x: Int, y: Int, width: Int, height: Int) {
    self.x = x
    self.y = y
    self.width = width
    self.height = height
  }

  /// Checks that there is something of it in a picture, all of it.
  func check(width pictureWidth: Int, height pictureHeight: Int) throws(CodecError) {
    func isInside(_ start: Int, _ count: Int, _ limit: Int) -> Bool {
      // In this order no sum is made of numbers that may be anything.
      start >= 0 && count > 0 && start < limit && count <= limit - start
    }
    guard isInside(x, width, pictureWidth), isInside(y, height, pictureHeight) else {
      throw .badOption(
        name: "region", value: "\(x),\(y),\(width),\(height)",
        expected: "a part of the picture's \(pictureWidth) x \(pictureHeight) pixels")
    }
  }

  /// The positions that hold its pixels.
  ///
  /// - Throws: `CodecError.badOption` when it is not in the picture.
  package func positions(in header: Header) throws(CodecError) -> GridRectangle {
    try check(width: header.width, height: header.height)
    func positions(_ first: Int, _ count: Int) -> Range<Int> {
      first / Header.stride..<(first + count - 1) / Header.stride + 1
    }
    return GridRectangle(rows: positions(y, height), columns: positions(x, width))
  }
}

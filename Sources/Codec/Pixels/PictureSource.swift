/// A picture without alpha whose rows can be read from top to bottom, more than once.
package protocol PictureSource {
  /// Pixels in a row, at least 1.
  var width: Int { get }
  /// Rows, at least 1.
  var height: Int { get }
  /// What the samples of one pixel mean.
  var colorType: Picture.ColorType { get }
  /// What the picture says of itself beside its pixels.
  var metadata: PictureMetadata { get }

  /// Whether reading it again costs next to nothing.
  var isInMemory: Bool { get }

  /// Calls `body` with all samples from top to bottom, whole rows at a time, at least one and about as many as asked for.
  func forEachRows(_ count: Int, _ body: ([UInt8]) throws -> Void) throws
}

extension PictureSource {
  package var isInMemory: Bool { false }
}

/// A picture in memory as a source of rows; its alpha is left out.
struct PictureRows: PictureSource {
  let picture: Picture

  var width: Int { picture.width }
  var height: Int { picture.height }
  var colorType: Picture.ColorType { picture.colorType }
  var metadata: PictureMetadata { picture.metadata }
  var isInMemory: Bool { true }

  func forEachRows(_ count: Int, _ body: ([UInt8]) throws -> Void) throws {
    if count >= height { return try body(picture.samples) }
    let length = width * colorType.componentCount
    for first in stride(from: 0, to: height, by: count) {
      try body(
        Array(picture.samples[first * length..<min(height, first + count) * length]))
    }
  }
}

/// A source whose rows are kept once they have been read.
struct HeldRows<Source: PictureSource>: PictureSource {
  let source: Source
  /// All samples, some rows each; nil when they are to be read again.
  let parts: [[UInt8]]?

  var width: Int { source.width }
  var height: Int { source.height }
  var colorType: Picture.ColorType { source.colorType }
  var metadata: PictureMetadata { source.metadata }
  var isInMemory: Bool { parts != nil || source.isInMemory }

  func forEachRows(_ count: Int, _ body: ([UInt8]) throws -> Void) throws {
    guard let parts else { return try source.forEachRows(count, body) }
    for part in parts { try body(part) }
  }
}

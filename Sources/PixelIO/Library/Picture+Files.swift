public import GQCodec

/// Files of pictures that can be written.
public enum PictureFileFormat: Sendable, CaseIterable {
  /// Without loss.
  case png
  /// libjpeg-turbo, quality 92; without alpha.
  case jpeg
  /// Without loss.
  case webp
  /// Pixels alone.
  case ppm
}

extension Picture {
  /// The picture of a PNG, JPEG, WebP or Netpbm file, upright, with alpha and metadata.
  ///
  /// What a `Picture` cannot hold, as bits beyond the eighth, is left out.
  ///
  /// - Throws: `GQError`.
  public init(parsing file: [UInt8]) throws {
    self = try PictureReader().read(file)
  }

  /// The bytes of a file of this picture. Inverse of `init(parsing:)` but for JPEG.
  ///
  /// - Throws: `GQError` when the format cannot hold the picture.
  public func serialized(as format: PictureFileFormat) throws -> [UInt8] {
    let known: PictureFormat =
      switch format {
      case .png: .png
      case .jpeg: .jpeg
      case .webp: .webp
      case .ppm: .netpbm
      }
    return try PictureWriter(format: known).write(self).bytes
  }
}

extension PixelIOError: GQError {
  package var code: GQErrorCode {
    switch self {
    case .unknownFormat, .foreignFormat, .unsupported, .notExact, .notWritable: .invalidArgument
    case .truncated, .damaged: .damaged
    case .metadataTooLarge, .sideTooLong, .tooManyPixels: .limitExceeded
    case .outOfMemory: .outOfMemory
    }
  }

  package var byteOffset: Int? { nil }
}

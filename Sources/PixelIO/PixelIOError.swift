/// Why bytes could not be read as a picture, or a picture not be written.
package enum PixelIOError: Error, Sendable, Equatable {
  /// The bytes begin like no known format; holds up to the first eight of them.
  case unknownFormat(firstBytes: [UInt8])
  /// A format that is known but not read.
  case foreignFormat(ForeignFormat)
  /// The bytes end too early; `detail` is the library's message.
  case truncated(PictureFormat, detail: String)
  /// The bytes contradict their format; `detail` is the library's message.
  case damaged(PictureFormat, detail: String)
  /// A valid file with something that a `Picture` cannot hold.
  case unsupported(PictureFormat, UnsupportedFeature)
  /// A valid file that a strict reader refuses, for what would be lost.
  case notExact(PictureFormat, Conversion)
  /// Metadata is above ``PictureLimits/maxMetadataBytes``.
  case metadataTooLarge(Conversion.Metadata, found: Int, limit: Int)
  /// The declared width or height is above ``PictureLimits/maxDimension``.
  case sideTooLong(width: Int, height: Int, limit: Int)
  /// The declared size is above ``PictureLimits/maxPixels``.
  case tooManyPixels(width: Int, height: Int, limit: Int)
  /// The system gave no memory to read or write with.
  case outOfMemory(PictureFormat)
  /// The format cannot hold this picture; `detail` is the library's message.
  case notWritable(PictureFormat, detail: String)

  /// What a valid file can have that a `Picture` cannot.
  package enum UnsupportedFeature: Sendable, Equatable {
    /// Samples of this many bits instead of at most eight.
    case bitsPerSample(Int)
    /// This many components whose meaning the file does not say.
    case components(Int)
    /// Something that the library refuses, in its words.
    case other(String)
  }
}

extension PixelIOError {
  /// What is wrong with a file that is damaged or cut short; nil for other errors.
  var damageDetail: String? {
    switch self {
    case .truncated(_, let detail), .damaged(_, let detail): detail
    default: nil
    }
  }

  /// Whether a partial reader may still find a picture.
  package var isPartlyReadable: Bool {
    switch self {
    case .truncated(let format, _), .damaged(let format, _): format == .jpeg || format == .png
    default: false
    }
  }
}

extension PixelIOError: CustomStringConvertible {
  /// One sentence, fit for a user, without the file's name.
  package var description: String {
    switch self {
    case .unknownFormat(let firstBytes) where firstBytes.isEmpty:
      "not a PNG, JPEG, WebP or PPM file: it is empty"
    case .unknownFormat(let firstBytes):
      "not a PNG, JPEG, WebP or PPM file: it begins with the bytes "
        + firstBytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined(separator: " ")
    case .foreignFormat(let format):
      "\(format.rawValue) is not read; \(format.advice)"
    case .truncated(let format, let detail):
      "the \(format) file is cut short (\(detail))"
    case .damaged(let format, let detail):
      "the \(format) file is damaged (\(detail))"
    case .unsupported(let format, let feature):
      "the \(format) file has \(feature)"
    case .notExact(let format, let conversion):
      "the \(format) file cannot be taken over exactly: \(conversion)"
    case .metadataTooLarge(let metadata, let found, let limit):
      "the \(metadata.rawValue) has \(found) bytes, the limit is \(limit)"
    case .sideTooLong(let width, let height, let limit):
      "a picture of \(width) x \(height) pixels is larger than the limit of \(limit) a side"
    case .tooManyPixels(let width, let height, let limit):
      "a picture of \(width) x \(height) pixels is larger than the limit of \(limit) pixels"
    case .outOfMemory(let format):
      "not enough memory for the \(format) file"
    case .notWritable(let format, let detail):
      "the picture cannot be written as \(format) (\(detail))"
    }
  }
}

extension PixelIOError.UnsupportedFeature: CustomStringConvertible {
  /// What was found and what is expected instead.
  package var description: String {
    switch self {
    case .bitsPerSample(let bits):
      "\(bits) bits per sample where at most 8 are supported"
    case .components(let count):
      "\(count) components of unknown meaning where RGB or grey is supported"
    case .other(let detail):
      "a feature that is not supported (\(detail))"
    }
  }
}

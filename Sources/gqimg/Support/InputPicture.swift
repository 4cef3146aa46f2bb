import GQCodec
import GQPixelIO

/// A picture to compress: in memory, or a file whose rows are read as they are needed.
enum InputPicture {
  case buffered(PictureFile)
  case rows(PictureFileRows)

  /// Opens a picture file; large ones are not buffered unless asked for.
  init(
    _ path: String, _ reader: PictureReader, without parts: Set<MetadataPart> = [],
    isHeld: Bool = false
  ) throws {
    if !isHeld, let rows = try reader.rows(path, maxBytes: maximumInputBytes) {
      self = .rows(rows.with(metadata: rows.metadata.without(parts)))
    } else {
      let file = try reader.open(try FileReader.read(path, maxBytes: maximumInputBytes))
      self = .buffered(file.with(metadata: file.picture.metadata.without(parts)))
    }
  }

  var width: Int { source.width }
  var height: Int { source.height }
  var colorType: Picture.ColorType { source.colorType }
  var metadata: PictureMetadata { source.metadata }

  var hasAlpha: Bool {
    guard case .buffered(let file) = self else { return false }
    return file.picture.alpha != nil
  }

  var format: PictureFormat {
    switch self {
    case .buffered(let file): file.format
    case .rows(let rows): rows.format
    }
  }

  var conversions: [Conversion] {
    switch self {
    case .buffered(let file): file.conversions
    case .rows(let rows): rows.conversions
    }
  }

  /// Whether pixels are filled in that the file does not show.
  var isIncomplete: Bool {
    conversions.contains { if case .incomplete = $0 { true } else { false } }
  }

  /// The bytes of its file.
  func encoded(_ encoder: GQEncoder, _ options: EncodingOptions) throws -> [UInt8] {
    switch self {
    case .buffered(let file): try encoder.encode(file.picture, options: options).bytes
    case .rows(let rows): try encoder.encode(rows, options: options).bytes
    }
  }

  /// The bytes of its file without loss.
  func encoded(_ encoder: LosslessEncoder, _ options: EncodingOptions) throws -> [UInt8] {
    switch self {
    case .buffered(let file): try encoder.encode(file.picture, options: options).bytes
    case .rows(let rows): try encoder.encode(rows, options: options).bytes
    }
  }

  /// Whether it is too large to be its own preview.
  var takesPreview: Bool { max(width, height) > GQDecoder.previewSide }

  /// The file of a small picture for the first look.
  func preview(_ encoder: GQEncoder) throws -> [UInt8] {
    var picture =
      switch self {
      case .buffered(let file): file.picture.fitted(within: GQDecoder.previewSide)
      case .rows(let rows): try rows.fitted(within: GQDecoder.previewSide)
      }
    picture.metadata = PictureMetadata()
    return try encoder.encode(picture).bytes
  }

  private var source:
    (width: Int, height: Int, colorType: Picture.ColorType, metadata: PictureMetadata)
  {
    switch self {
    case .buffered(let file):
      let picture = file.picture
      return (picture.width, picture.height, picture.colorType, picture.metadata)
    case .rows(let rows):
      return (rows.width, rows.height, rows.colorType, rows.metadata)
    }
  }
}

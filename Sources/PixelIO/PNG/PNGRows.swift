internal import CGQPixelIO
internal import GQCodec

/// The rows of a PNG file, nil where a picture must be held to be read: see ``PictureReader/rows(_:maxBytes:leastPixels:)``.
func pngRows(
  _ file: OpenFile, _ limits: PictureLimits, keepsMetadata: Bool, _ leastPixels: Int
) throws(PixelIOError) -> PictureFileRows? {
  let reader = try PNGFile(file, limits, keepsMetadata: keepsMetadata)
  let header = reader.header
  guard
    reader.width * reader.height >= leastPixels, header.has_alpha == 0,
    header.is_interlaced == 0, header.has_late_metadata == 0
  else { return nil }
  let (metadata, orientation, conversions) = try reader.metadata(limits)
  guard orientation == .upright else { return nil }
  return PictureFileRows(
    width: reader.width, height: reader.height, colorType: reader.colorType, metadata: metadata,
    format: .png, conversions: conversions
  ) {
    let reader = try PNGFile(file, limits, keepsMetadata: false)
    let rowBytes = reader.width * reader.channels
    try check(.png) { message in gq_png_start_rows(reader.pointer, rowBytes, message) }
    return RowReading(
      read: { samples, rows throws(PixelIOError) in
        try check(.png) { message in
          gq_png_read_some_rows(reader.pointer, samples, rowBytes, UInt32(rows), message)
        }
      },
      finish: { () throws(PixelIOError) in
        try check(.png) { message in gq_png_read_end(reader.pointer, message) }
      })
  }
}

/// A PNG file of which everything in front of the pixels is read.
final class PNGFile {
  let pointer: OpaquePointer
  let header: gq_png_header
  private let keepsMetadata: Bool

  /// Reads from an open file.
  convenience init(
    _ file: OpenFile, _ limits: PictureLimits, keepsMetadata: Bool
  ) throws(PixelIOError) {
    try self.init(limits, keepsMetadata: keepsMetadata) { flag, limit in
      gq_png_file_reader_create(file.number, file.byteCount, flag, limit)
    }
  }

  /// Reads from memory that outlives this.
  convenience init(
    _ start: UnsafePointer<UInt8>, _ count: Int, _ limits: PictureLimits, keepsMetadata: Bool
  ) throws(PixelIOError) {
    try self.init(limits, keepsMetadata: keepsMetadata) { flag, limit in
      gq_png_reader_create(start, count, flag, limit)
    }
  }

  private init(
    _ limits: PictureLimits, keepsMetadata: Bool, _ create: (CInt, Int) -> OpaquePointer?
  ) throws(PixelIOError) {
    guard
      let pointer = create(
        keepsMetadata ? 1 : 0,
        // Chunks that have to do with pixels need some room too.
        keepsMetadata ? max(limits.maxMetadataBytes, 4096) : 64 << 20)
    else { throw .outOfMemory(.png) }
    var header = gq_png_header()
    do throws(PixelIOError) {
      try check(.png) { message in gq_png_read_header(pointer, &header, message) }
      try limits.check(width: Int(header.width), height: Int(header.height))
    } catch {
      gq_png_reader_destroy(pointer)
      throw error
    }
    self.pointer = pointer
    self.header = header
    self.keepsMetadata = keepsMetadata
  }

  deinit { gq_png_reader_destroy(pointer) }

  var width: Int { Int(header.width) }
  var height: Int { Int(header.height) }
  var colorType: Picture.ColorType {
    header.is_palette != 0 || header.is_colour != 0 ? .rgb : .grey
  }
  /// Samples per pixel, alpha included.
  var channels: Int { colorType.componentCount + (header.has_alpha != 0 ? 1 : 0) }

  /// What has been found beside the pixels so far, how the picture must be turned, and what is not taken over.
  func metadata(
    _ limits: PictureLimits
  ) throws(PixelIOError) -> (PictureMetadata, ExifOrientation, [Conversion]) {
    var conversions: [Conversion] = []
    if header.bit_depth > 8 { conversions.append(.roundedSamples(bits: Int(header.bit_depth))) }
    // Within a twentieth of sRGB's exponent no one sees the difference.
    if header.gamma != 0, !(43182...47727).contains(header.gamma) {
      conversions.append(.gammaIgnored(Int(header.gamma)))
    }
    var found = gq_png_metadata()
    gq_png_read_metadata(pointer, &found)
    func copy(_ start: UnsafePointer<UInt8>?, _ count: Int) -> [UInt8]? {
      start.map { Array(UnsafeBufferPointer(start: $0, count: count)) }
    }
    let exif = copy(found.exif, found.exif_count)
    let orientation = exif.flatMap { ExifOrientation(tiff: $0) } ?? .upright
    guard keepsMetadata else { return (PictureMetadata(), orientation, conversions) }
    try limits.check(.iccProfile, byteCount: found.icc_count)
    try limits.check(.exif, byteCount: found.exif_count)
    try limits.check(.xmp, byteCount: found.xmp_count)
    let complaint = found.complaint.map { String(cString: $0) } ?? ""
    for (prefix, kind) in [
      ("iCCP", Conversion.Metadata.iccProfile), ("iTXt", .xmp), ("eXIf", .exif),
    ]
    where complaint.hasPrefix(prefix) {
      conversions.append(.leftOut(kind, reason: complaint))
    }
    return (
      PictureMetadata(
        iccProfile: copy(found.icc, found.icc_count), exif: exif,
        xmp: copy(found.xmp, found.xmp_count)), orientation, conversions
    )
  }
}

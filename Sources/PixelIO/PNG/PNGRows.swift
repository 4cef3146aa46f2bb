internal import CGQPixelIO
internal import GQCodec

/// The rows of a PNG file, nil where a picture must be in memory to be read: see ``PictureReader/rows(_:maxBytes:leastPixels:)``.
func pngRows(
  _ file: OpenFile, _ limits: PictureLimits, keepsMetadata: Bool, _ leastPixels: Int
) throws(PixelIOError) -> PictureFileRows? {
  let reader = try PNGFile(file, limits, keepsMetadata: keepsMetadata)
  let header = reader.header
  guard
    reader.width * reader.height >= leastPixels, header.has_alpha == 0,
    header.is_interlaced == 0, header.has_late_metadata == 0, header.lacks_end == 0
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
  private let chunks: PNGChunks
  let header: gq_png_header
  private let keepsMetadata: Bool

  /// Reads from an open file.
  convenience init(
    _ file: OpenFile, _ limits: PictureLimits, keepsMetadata: Bool
  ) throws(PixelIOError) {
    try self.init(limits, keepsMetadata: keepsMetadata) { flag, limit in
      gq_png_file_reader_create(file.number, file.byteCount, flag, limit, 0)
    } chunks: {
      PNGChunks(byteCount: file.byteCount) { (try? file.bytes(at: $0, count: $1)) ?? [] }
    }
  }

  /// Reads from memory that outlives this.
  convenience init(
    _ start: UnsafePointer<UInt8>, _ count: Int, _ limits: PictureLimits, keepsMetadata: Bool,
    isPartial: Bool
  ) throws(PixelIOError) {
    try self.init(limits, keepsMetadata: keepsMetadata) { flag, limit in
      gq_png_reader_create(start, count, flag, limit, isPartial ? 1 : 0)
    } chunks: {
      PNGChunks(byteCount: count) { offset, wanted in
        Array(
          UnsafeBufferPointer(
            start: start + min(offset, count), count: min(wanted, count - min(offset, count))))
      }
    }
  }

  private init(
    _ limits: PictureLimits, keepsMetadata: Bool, _ create: (CInt, Int) -> OpaquePointer?,
    chunks: () -> PNGChunks
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
    self.chunks = chunks()
  }

  deinit { gq_png_reader_destroy(pointer) }

  var width: Int { Int(header.width) }
  var height: Int { Int(header.height) }
  var colorType: Picture.ColorType {
    header.is_palette != 0 || header.is_colour != 0 ? .rgb : .grey
  }
  /// Samples per pixel, alpha included.
  var channels: Int { colorType.componentCount + (header.has_alpha != 0 ? 1 : 0) }

  /// What is wrong with the file as a whole, when pixels may be missing.
  var damage: String? {
    if header.is_cut_short != 0 { return "the file ends too early" }
    var found = gq_png_metadata()
    gq_png_read_metadata(pointer, &found)
    let complaint = found.complaint.map { String(cString: $0) } ?? ""
    return complaint.hasPrefix("IDAT") || complaint.hasPrefix("PLTE") ? complaint : nil
  }

  /// What has been found beside the pixels so far, how the picture must be turned, and what is not taken over.
  func metadata(
    _ limits: PictureLimits
  ) throws(PixelIOError) -> (PictureMetadata, ExifOrientation, [Conversion]) {
    var conversions: [Conversion] = []
    if header.bit_depth > 8 { conversions.append(.roundedSamples(bits: Int(header.bit_depth))) }
    var found = gq_png_metadata()
    gq_png_read_metadata(pointer, &found)
    func copy(_ start: UnsafePointer<UInt8>?, _ count: Int) -> [UInt8]? {
      start.map { Array(UnsafeBufferPointer(start: $0, count: count)) }
    }
    let exif = chunks.exif(limit: limits.maxMetadataBytes)
    let orientation = exif.bytes.flatMap { ExifOrientation(tiff: $0) } ?? .upright
    let colour = chunks.colourSpace(isGrey: colorType == .grey)
    let complaint = found.complaint.map { String(cString: $0) } ?? ""
    if complaint.contains("CRC") || complaint.hasPrefix("IEND"), !complaint.hasPrefix("IDAT"),
      !complaint.hasPrefix("PLTE")
    {
      conversions.append(.irregular(complaint))
    }
    guard keepsMetadata else {
      // Within a twentieth of sRGB's exponent no one sees the difference.
      if header.gamma != 0, !(43182...47727).contains(header.gamma) {
        conversions.append(.gammaIgnored(Int(header.gamma)))
      }
      return (PictureMetadata(), orientation, conversions)
    }
    try limits.check(.iccProfile, byteCount: found.icc_count)
    try limits.check(.exif, byteCount: exif.byteCount)
    try limits.check(.xmp, byteCount: found.xmp_count)
    if let problem = exif.problem { conversions.append(.leftOut(.exif, reason: problem)) }
    for (prefix, kind) in [("iCCP", Conversion.Metadata.iccProfile), ("iTXt", .xmp)]
    where complaint.hasPrefix(prefix) && !complaint.contains("CRC") {
      conversions.append(.leftOut(kind, reason: complaint))
    }
    let profile = copy(found.icc, found.icc_count)
    let things =
      chunks.things(hasProfile: profile != nil, hasExif: exif.bytes != nil)
      + (profile == nil ? colour.notKept : [])
    if !things.isEmpty { conversions.append(.notKept(things)) }
    return (
      PictureMetadata(
        iccProfile: profile ?? colour.profile, exif: exif.bytes,
        xmp: copy(found.xmp, found.xmp_count)), orientation, conversions
    )
  }
}

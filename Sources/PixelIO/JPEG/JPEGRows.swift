internal import CGQPixelIO
internal import GQCodec

/// The rows of a JPEG file, nil where a picture must be in memory: see ``PictureReader/rows(_:maxBytes:leastPixels:)``.
func jpegRows(
  _ file: OpenFile, _ limits: PictureLimits, keepsMetadata: Bool, isStrict: Bool,
  _ leastPixels: Int
) throws -> PictureFileRows? {
  let late = LateConversions()
  let bytes = try file.bytes(at: 0, count: file.byteCount)
  let reader = try JPEGFile(bytes, limits)
  guard
    reader.width * reader.height >= leastPixels,
    ExifOrientation(jpeg: bytes) ?? .upright == .upright
  else { return nil }
  let (metadata, conversions) = try reader.metadata(limits, isKept: keepsMetadata)
  return PictureFileRows(
    width: reader.width, height: reader.height, colorType: reader.colorType, metadata: metadata,
    format: .jpeg, conversions: conversions, late: late
  ) {
    let reader = try JPEGFile(bytes, limits)
    try reader.start()
    return RowReading(
      read: { samples, rows throws(PixelIOError) in try reader.read(samples, rows) },
      finish: { () throws(PixelIOError) in
        let found = try reader.finish()
        if isStrict, let conversion = found.first { throw .notExact(.jpeg, conversion) }
        late.set(found)
      })
  }
}

/// A JPEG file of which everything in front of the pixels is read.
final class JPEGFile {
  let width: Int
  let height: Int
  let colorType: Picture.ColorType
  private let isCMYK: Bool
  private let pointer: OpaquePointer
  /// The file, where it stays while libjpeg reads it.
  private let memory: UnsafeMutableBufferPointer<UInt8>
  private let bytes: [UInt8]

  init(
    _ bytes: [UInt8], _ limits: PictureLimits, isPartial: Bool = false
  ) throws(PixelIOError) {
    let memory = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: max(1, bytes.count))
    _ = memory.update(fromContentsOf: bytes)
    guard let start = memory.baseAddress,
      let pointer = gq_jpeg_reader_create(start, bytes.count, isPartial ? 1 : 0)
    else {
      memory.deallocate()
      throw .outOfMemory(.jpeg)
    }
    var header = gq_jpeg_header()
    do throws(PixelIOError) {
      try check(.jpeg) { message in gq_jpeg_read_header(pointer, &header, message) }
      if header.bit_depth != 8 {
        throw .unsupported(.jpeg, .bitsPerSample(Int(header.bit_depth)))
      }
      if header.colour == GQ_JPEG_OTHER {
        throw .unsupported(.jpeg, .components(Int(header.component_count)))
      }
      try limits.check(width: Int(header.width), height: Int(header.height))
    } catch {
      gq_jpeg_reader_destroy(pointer)
      memory.deallocate()
      throw error
    }
    width = Int(header.width)
    height = Int(header.height)
    colorType = header.colour == GQ_JPEG_GREY ? .grey : .rgb
    isCMYK = header.colour == GQ_JPEG_CMYK
    self.pointer = pointer
    self.memory = memory
    self.bytes = bytes
  }

  deinit {
    gq_jpeg_reader_destroy(pointer)
    memory.deallocate()
  }

  var rowBytes: Int { width * colorType.componentCount }

  /// What is found beside the pixels, and what is not taken over.
  func metadata(
    _ limits: PictureLimits, isKept: Bool
  ) throws(PixelIOError) -> (PictureMetadata, [Conversion]) {
    var (metadata, conversions) =
      isKept ? try readMetadata(ofJPEG: bytes, limits: limits) : (PictureMetadata(), [])
    if isCMYK {
      conversions.append(.cmykToRGB)
      if metadata.iccProfile != nil {
        metadata.iccProfile = nil
        conversions.append(.leftOut(.iccProfile, reason: "it is for CMYK"))
      }
    }
    return (metadata, conversions)
  }

  func start() throws(PixelIOError) {
    try check(.jpeg) { message in gq_jpeg_start_rows(pointer, rowBytes, message) }
  }

  func read(_ samples: UnsafeMutablePointer<UInt8>, _ rows: Int) throws(PixelIOError) {
    try check(.jpeg) { message in
      gq_jpeg_read_some_rows(pointer, samples, rowBytes, UInt32(rows), message)
    }
  }

  /// Reads what stands behind the last row. Returns what was wrong in the file.
  func finish() throws(PixelIOError) -> [Conversion] {
    try check(.jpeg) { message in gq_jpeg_read_end(pointer, message) }
    var isIncomplete: CInt = 0
    var isDoubtful: CInt = 0
    let complaint = String(cString: gq_jpeg_complaint(pointer, &isIncomplete, &isDoubtful))
    if complaint.isEmpty { return [] }
    if isIncomplete != 0 { return [.incomplete(complaint)] }
    return [isDoubtful != 0 ? .doubtful(complaint) : .irregular(complaint)]
  }
}

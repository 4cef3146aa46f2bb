public import CGQImg
import GQBitstream
import GQCodec
import GQModel

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

// `include/gqimg.h` says what each function does.

nonisolated(unsafe) private let versionText: UnsafePointer<CChar> = {
  guard let text = strdup(GQIMG_VERSION) else { fatalError("no memory") }
  return UnsafePointer(text)
}()

/// `gqimg_version`.
@_cdecl("gqimg_version")
public func version() -> UnsafePointer<CChar> { versionText }

/// `gqimg_abi_version`.
@_cdecl("gqimg_abi_version")
public func abiVersion() -> Int32 { Int32(GQIMG_ABI_VERSION) }

/// `gqimg_last_error`.
@_cdecl("gqimg_last_error")
public func lastError() -> UnsafePointer<CChar> { LastError.message }

/// `gqimg_free`.
@_cdecl("gqimg_free")
public func freeBytes(_ bytes: UnsafeMutableRawPointer?) { free(bytes) }

/// `gqimg_codec_open`.
@_cdecl("gqimg_codec_open")
public func codecOpen(
  _ path: UnsafePointer<CChar>?, _ threads: Int32,
  _ codec: UnsafeMutablePointer<OpaquePointer?>?
) -> gqimg_status {
  status {
    let codec = try required(codec, "codec")
    codec.pointee = nil
    guard (0...1024).contains(threads) else {
      throw InvalidArgument("threads is \(threads), expected 0 to 1024")
    }
    let models = try ModelStore(
      path: path.map { String(cString: $0) }, threadCount: threads == 0 ? nil : Int(threads))
    codec.pointee = OpaquePointer(Unmanaged.passRetained(models).toOpaque())
  }
}

/// `gqimg_codec_close`.
@_cdecl("gqimg_codec_close")
public func codecClose(_ codec: OpaquePointer?) {
  if let codec { Unmanaged<ModelStore>.fromOpaque(UnsafeRawPointer(codec)).release() }
}

private func models(_ codec: OpaquePointer?) throws(InvalidArgument) -> ModelStore {
  Unmanaged<ModelStore>.fromOpaque(UnsafeRawPointer(try required(codec, "codec")))
    .takeUnretainedValue()
}

/// `gqimg_options_init`.
@_cdecl("gqimg_options_init")
public func optionsInit(_ options: UnsafeMutablePointer<gqimg_options>?) {
  let defaults = EncodingOptions()
  var result = gqimg_options()
  result.target = Int32(GQIMG_TARGET_QUALITY)
  result.effort = Int32(defaults.effort)
  result.value = EncodingOptions.defaultQuality
  options?.pointee = result
}

/// `gqimg_encode`.
@_cdecl("gqimg_encode")
public func encode(
  _ codec: OpaquePointer?, _ samples: UnsafePointer<UInt8>?, _ width: UInt32, _ height: UInt32,
  _ channels: UInt32, _ rowBytes: Int, _ options: UnsafePointer<gqimg_options>?,
  _ bytes: UnsafeMutablePointer<UnsafeMutablePointer<UInt8>?>?, _ count: UnsafeMutablePointer<Int>?
) -> gqimg_status {
  status {
    let (bytes, count) = (try required(bytes, "bytes"), try required(count, "count"))
    (bytes.pointee, count.pointee) = (nil, 0)
    let models = try models(codec)
    let samples = try required(samples, "samples")
    var chosen = gqimg_options()
    optionsInit(&chosen)
    if let options { chosen = options.pointee }
    var picture = try picture(
      samples, width: Int(width), height: Int(height), channels: Int(channels), rowBytes: rowBytes)
    picture.metadata = PictureMetadata(
      iccProfile: try copy(chosen.icc, "icc"), exif: try copy(chosen.exif, "exif"),
      xmp: try copy(chosen.xmp, "xmp"))
    let tuning: Tuning
    switch Int(chosen.tuning) {
    case GQIMG_TUNE_PSNR: tuning = .psnr
    case GQIMG_TUNE_VISUAL: tuning = .visual
    default: throw InvalidArgument("tuning is \(chosen.tuning), expected 0 or 1")
    }
    let options = try encodingOptions(chosen)
    let made =
      try options.isLossless
      ? LosslessEncoder(pool: models.pool).encode(picture, options: options).bytes
      : GQEncoder(network: models.network(tuning)).encode(picture, options: options).bytes
    bytes.pointee = try allocate(made)
    count.pointee = made.count
  }
}

private func encodingOptions(_ options: gqimg_options) throws -> EncodingOptions {
  let target: RateTarget
  switch Int(options.target) {
  case GQIMG_TARGET_QUALITY: target = .quality(options.value)
  case GQIMG_TARGET_BITS_PER_PIXEL: target = .bitsPerPixel(options.value)
  case GQIMG_TARGET_BYTES:
    guard options.value >= 1, options.value <= 1e12 else {
      throw InvalidArgument("a target of \(options.value) bytes, expected 1 to 1e12")
    }
    target = .bytes(Int(options.value))
  default: throw InvalidArgument("target is \(options.target), expected 0 to 2")
  }
  let known =
    GQIMG_PROGRESSIVE | GQIMG_PROTECT | GQIMG_LOSSLESS | GQIMG_NO_GRAPHICS
  guard Int(options.flags) & ~Int(known) == 0 else {
    throw InvalidArgument("flags are \(options.flags), expected a combination of GQIMG_*")
  }
  func has(_ flag: Int) -> Bool { Int(options.flags) & flag != 0 }
  return EncodingOptions(
    target: target, uniform: options.uniform != 0, effort: Int(options.effort),
    graphics: has(GQIMG_NO_GRAPHICS) ? .off : .auto, isLossless: has(GQIMG_LOSSLESS),
    order: has(GQIMG_PROGRESSIVE) ? .phases : .tiles, copiesHead: has(GQIMG_PROTECT))
}

private func copy(_ bytes: gqimg_bytes, _ name: String) throws(InvalidArgument) -> [UInt8]? {
  guard let source = bytes.bytes else {
    guard bytes.count == 0 else { throw InvalidArgument("\(name) is NULL but has bytes") }
    return nil
  }
  guard bytes.count >= 0, bytes.count <= DecodeLimits().maxAncillaryBytes else {
    throw InvalidArgument(
      "\(name) has \(bytes.count) bytes, the limit is \(DecodeLimits().maxAncillaryBytes)")
  }
  return Array(UnsafeBufferPointer(start: source, count: bytes.count))
}

private func picture(
  _ samples: UnsafePointer<UInt8>, width: Int, height: Int, channels: Int, rowBytes: Int
) throws -> Picture {
  let limits = DecodeLimits()
  guard width > 0, height > 0, (1...4).contains(channels) else {
    throw InvalidArgument("\(width) x \(height) pixels of \(channels) channels")
  }
  try limits.check(width: width, height: height)
  let stride = rowBytes == 0 ? width * channels : rowBytes
  guard stride >= width * channels, !stride.multipliedReportingOverflow(by: height).overflow else {
    throw InvalidArgument("row_bytes is \(rowBytes), expected 0 or at least \(width * channels)")
  }
  let colors = channels < 3 ? 1 : 3
  let hasAlpha = channels % 2 == 0
  var (colours, alpha): ([UInt8], [UInt8]) = ([], [])
  colours.reserveCapacity(width * height * colors)
  if hasAlpha { alpha.reserveCapacity(width * height) }
  for row in 0..<height {
    let source = UnsafeBufferPointer(start: samples + row * stride, count: width * channels)
    guard hasAlpha else {
      colours += source
      continue
    }
    for pixel in 0..<width {
      colours += source[pixel * channels..<pixel * channels + colors]
      alpha.append(source[pixel * channels + colors])
    }
  }
  return Picture(
    width: width, height: height, colorType: colors == 1 ? .grey : .rgb, samples: colours,
    alpha: hasAlpha ? alpha : nil)
}

/// The bytes that C gave.
private func input(_ bytes: UnsafePointer<UInt8>?, _ count: Int) throws(InvalidArgument) -> [UInt8]
{
  let bytes = try required(bytes, "bytes")
  guard count >= 0, count <= 1 << 31 else {
    throw InvalidArgument("count is more than 2^31")
  }
  return Array(UnsafeBufferPointer(start: bytes, count: count))
}

/// `gqimg_decode`.
@_cdecl("gqimg_decode")
public func decode(
  _ codec: OpaquePointer?, _ bytes: UnsafePointer<UInt8>?, _ count: Int, _ maxPixels: UInt64,
  _ picture: UnsafeMutablePointer<gqimg_picture>?
) -> gqimg_status {
  status {
    try decode(codec, bytes, count, maxPixels, picture) { decoder, bytes, limits in
      try decoder.decode(bytes, limits: limits)
    }
  }
}

/// `gqimg_decode_region`.
@_cdecl("gqimg_decode_region")
public func decodeRegion(
  _ codec: OpaquePointer?, _ bytes: UnsafePointer<UInt8>?, _ count: Int, _ maxPixels: UInt64,
  _ x: UInt32, _ y: UInt32, _ width: UInt32, _ height: UInt32,
  _ picture: UnsafeMutablePointer<gqimg_picture>?
) -> gqimg_status {
  status {
    let region = PixelRegion(x: Int(x), y: Int(y), width: Int(width), height: Int(height))
    try decode(codec, bytes, count, maxPixels, picture) { decoder, bytes, limits in
      try decoder.decode(bytes, region: region, limits: limits)
    }
  }
}

/// `gqimg_decode_reduced`.
@_cdecl("gqimg_decode_reduced")
public func decodeReduced(
  _ codec: OpaquePointer?, _ bytes: UnsafePointer<UInt8>?, _ count: Int, _ maxPixels: UInt64,
  _ factor: UInt32, _ picture: UnsafeMutablePointer<gqimg_picture>?
) -> gqimg_status {
  status {
    guard (1...64).contains(factor), factor & (factor - 1) == 0 else {
      throw InvalidArgument("factor is \(factor), expected 1, 2, 4, 8, 16, 32 or 64")
    }
    try decode(codec, bytes, count, maxPixels, picture) { decoder, bytes, limits in
      try decoder.open(bytes, limits: limits).reduced(by: Int(factor))
    }
  }
}

/// Decodes in one of the ways, once arguments and header are known to be sound.
private func decode(
  _ codec: OpaquePointer?, _ bytes: UnsafePointer<UInt8>?, _ count: Int, _ maxPixels: UInt64,
  _ picture: UnsafeMutablePointer<gqimg_picture>?,
  _ body: (GQDecoder, [UInt8], DecodeLimits) throws -> Picture
) throws {
  let result = try required(picture, "picture")
  result.pointee = gqimg_picture()
  let models = try models(codec)
  let bytes = try input(bytes, count)
  try fill(
    result, try body(GQDecoder(models: models), bytes, limits(maxPixels)))
}

private func limits(_ maxPixels: UInt64) -> DecodeLimits {
  maxPixels > 0 ? DecodeLimits(maxPixels: Int(clamping: maxPixels)) : DecodeLimits()
}

/// `gqimg_recover`.
@_cdecl("gqimg_recover")
public func recover(
  _ codec: OpaquePointer?, _ bytes: UnsafePointer<UInt8>?, _ count: Int, _ maxPixels: UInt64,
  _ usesDamagedBits: Int32, _ picture: UnsafeMutablePointer<gqimg_picture>?,
  _ report: UnsafeMutablePointer<gqimg_report>?
) -> gqimg_status {
  status {
    report?.pointee = gqimg_report()
    let result = try required(picture, "picture")
    result.pointee = gqimg_picture()
    let models = try models(codec)
    let bytes = try input(bytes, count)
    let recovery = try GQDecoder(models: models)
      .recover(
        bytes, options: RecoveryOptions(usesDamagedBits: usesDamagedBits != 0),
        limits: limits(maxPixels))
    try fill(result, recovery.picture)
    guard let report else { return }
    do {
      try fill(
        report,
        recovery.problems.map { Finding(tile: nil, reason: "\($0)") }
          + recovery.damage.map { Finding(tile: $0, reason: "\($0.reason)") })
    } catch {
      pictureFree(result)
      throw error
    }
    report.pointee.untouched = recovery.untouchedShare
  }
}

/// `gqimg_verify`.
@_cdecl("gqimg_verify")
public func verify(
  _ bytes: UnsafePointer<UInt8>?, _ count: Int, _ report: UnsafeMutablePointer<gqimg_report>?
) -> gqimg_status {
  status {
    report?.pointee = gqimg_report()
    let bytes = try input(bytes, count)
    var findings: [Finding] = []
    var first: BitstreamError?
    do throws(BitstreamError) {
      let verification = try Verification(bytes)
      first = verification.findings.first?.reason
      findings = verification.findings.map { Finding(tile: $0.tile, reason: "\($0.reason)") }
    } catch {
      first = error
      findings = [Finding(tile: nil, reason: "\(error)")]
    }
    if let report { try fill(report, findings) }
    if let first { throw first }
  }
}

/// Something that is damaged.
private struct Finding {
  let tile: Recovery.Damage?
  let reason: String
}

private func fill(
  _ report: UnsafeMutablePointer<gqimg_report>, _ findings: [Finding]
) throws(OutOfMemory) {
  guard !findings.isEmpty else { return }
  let size = findings.count * MemoryLayout<gqimg_damage>.stride
  guard let memory = calloc(findings.count, MemoryLayout<gqimg_damage>.stride) else {
    throw OutOfMemory(byteCount: size)
  }
  let damage = memory.bindMemory(to: gqimg_damage.self, capacity: findings.count)
  (report.pointee.damage, report.pointee.count) = (damage, findings.count)
  for (k, finding) in findings.enumerated() {
    guard let reason = strdup(finding.reason) else {
      reportFree(report)
      throw OutOfMemory(byteCount: finding.reason.utf8.count + 1)
    }
    damage[k].reason = reason
    guard let tile = finding.tile else { continue }
    (damage[k].x, damage[k].y) = (UInt32(tile.x), UInt32(tile.y))
    (damage[k].width, damage[k].height) = (UInt32(tile.width), UInt32(tile.height))
    damage[k].scans = tile.phases.reduce(0) { $0 | 1 << UInt32($1 - 1) }
  }
}

/// `gqimg_report_free`.
@_cdecl("gqimg_report_free")
public func reportFree(_ report: UnsafeMutablePointer<gqimg_report>?) {
  guard let report else { return }
  for k in 0..<report.pointee.count { free(report.pointee.damage[k].reason) }
  free(report.pointee.damage)
  report.pointee = gqimg_report()
}

/// `gqimg_tokens_export`.
@_cdecl("gqimg_tokens_export")
public func tokensExport(
  _ codec: OpaquePointer?, _ bytes: UnsafePointer<UInt8>?, _ count: Int, _ withStates: Int32,
  _ tokens: UnsafeMutablePointer<UnsafeMutablePointer<UInt8>?>?,
  _ tokensCount: UnsafeMutablePointer<Int>?
) -> gqimg_status {
  status {
    let (tokens, tokensCount) = (
      try required(tokens, "tokens"), try required(tokensCount, "tokens_count")
    )
    (tokens.pointee, tokensCount.pointee) = (nil, 0)
    let models = try models(codec)
    let made = try GQDecoder(models: models).tokens(
      of: try input(bytes, count), withStates: withStates != 0)
    tokens.pointee = try allocate(made)
    tokensCount.pointee = made.count
  }
}

/// `gqimg_tokens_import`.
@_cdecl("gqimg_tokens_import")
public func tokensImport(
  _ tokens: UnsafePointer<UInt8>?, _ tokensCount: Int,
  _ bytes: UnsafeMutablePointer<UnsafeMutablePointer<UInt8>?>?, _ count: UnsafeMutablePointer<Int>?
) -> gqimg_status {
  status {
    let (bytes, count) = (try required(bytes, "bytes"), try required(count, "count"))
    (bytes.pointee, count.pointee) = (nil, 0)
    let tokens = try input(tokens, tokensCount)
    let made: [UInt8]
    do {
      made = try PictureTokens(safetensors: tokens).serializedPicture()
    } catch let error as ModelError {
      // A safetensors file that is none: these are no weights.
      if case .limitExceeded = error { throw LimitExceeded(description: "\(error)") }
      throw Damaged(description: "\(error)")
    }
    bytes.pointee = try allocate(made)
    count.pointee = made.count
  }
}

/// Fills in a picture, or frees what there is of it and throws.
private func fill(
  _ result: UnsafeMutablePointer<gqimg_picture>, _ picture: Picture
) throws(OutOfMemory) {
  do {
    try fill(&result.pointee, picture)
  } catch {
    pictureFree(result)
    throw error
  }
}

private func fill(_ result: inout gqimg_picture, _ picture: Picture) throws(OutOfMemory) {
  let colors = picture.colorType.componentCount
  var samples = picture.samples
  if let alpha = picture.alpha {
    samples = []
    samples.reserveCapacity(alpha.count * (colors + 1))
    for (pixel, alpha) in alpha.enumerated() {
      samples += picture.samples[pixel * colors..<(pixel + 1) * colors]
      samples.append(alpha)
    }
  }
  result.width = UInt32(picture.width)
  result.height = UInt32(picture.height)
  result.channels = UInt32(colors + (picture.alpha == nil ? 0 : 1))
  result.samples = try allocate(samples)
  try fill(&result, picture.metadata)
}

private func fill(
  _ result: inout gqimg_picture, _ metadata: PictureMetadata
) throws(OutOfMemory) {
  if let icc = metadata.iccProfile {
    (result.icc, result.icc_count) = (try allocate(icc), icc.count)
  }
  if let exif = metadata.exif {
    (result.exif, result.exif_count) = (try allocate(exif), exif.count)
  }
  if let xmp = metadata.xmp {
    (result.xmp, result.xmp_count) = (try allocate(xmp), xmp.count)
  }
}

/// `gqimg_picture_free`.
@_cdecl("gqimg_picture_free")
public func pictureFree(_ picture: UnsafeMutablePointer<gqimg_picture>?) {
  guard let picture else { return }
  for bytes in [
    picture.pointee.samples, picture.pointee.icc, picture.pointee.exif, picture.pointee.xmp,
  ] { free(bytes) }
  picture.pointee = gqimg_picture()
}

/// `gqimg_read_info`.
@_cdecl("gqimg_read_info")
public func readInfo(
  _ bytes: UnsafePointer<UInt8>?, _ count: Int, _ info: UnsafeMutablePointer<gqimg_info>?
) -> gqimg_status {
  status {
    let info = try required(info, "info")
    info.pointee = gqimg_info()
    let file = try FileStructure(parsing: try input(bytes, count))
    fill(&info.pointee, file.header)
    info.pointee.has_alpha = file.ancillary(Chunk.alpha) == nil ? 0 : 1
  }
}

/// `gqimg_read_metadata`.
@_cdecl("gqimg_read_metadata")
public func readMetadata(
  _ bytes: UnsafePointer<UInt8>?, _ count: Int, _ picture: UnsafeMutablePointer<gqimg_picture>?
) -> gqimg_status {
  status {
    let result = try required(picture, "picture")
    result.pointee = gqimg_picture()
    let file = try FileStructure(parsing: try input(bytes, count))
    let hasAlpha = file.ancillary(Chunk.alpha) != nil
    result.pointee.width = UInt32(file.header.width)
    result.pointee.height = UInt32(file.header.height)
    result.pointee.channels = (file.header.colorType == .grey ? 1 : 3) + (hasAlpha ? 1 : 0)
    do {
      try fill(
        &result.pointee,
        PictureMetadata(
          iccProfile: file.ancillary(Chunk.iccProfile), exif: file.ancillary(Chunk.exif),
          xmp: file.ancillary(Chunk.xmp)))
    } catch {
      pictureFree(result)
      throw error
    }
  }
}

/// `gqimg_read_header`.
@_cdecl("gqimg_read_header")
public func readHeader(
  _ bytes: UnsafePointer<UInt8>?, _ count: Int, _ info: UnsafeMutablePointer<gqimg_info>?
) -> gqimg_status {
  status {
    let info = try required(info, "info")
    info.pointee = gqimg_info()
    fill(&info.pointee, try FileStructure.header(of: try input(bytes, min(count, 4096))))
  }
}

private func fill(_ info: inout gqimg_info, _ header: Header) {
  info.width = UInt32(header.width)
  info.height = UInt32(header.height)
  info.channels = header.colorType == .grey ? 1 : 3
  withUnsafeMutableBytes(of: &info.model) { $0.copyBytes(from: header.modelIdentifier) }
}

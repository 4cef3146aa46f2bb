package import GQBitstream
package import GQModel

/// Turns `.gqz` files into pictures. One decoder may serve many files and threads. Inverse: `GQEncoder`.
public final class GQDecoder: Sendable {
  /// The model of a file, or one that it will be checked against.
  let model: @Sendable (Header) throws(ModelError) -> Network
  /// Decodes graphics; the rest is decoded by the model's threads.
  private let pool: WorkerPool

  /// A decoder for a model; nil for files that need none.
  ///
  /// - Parameter pool: threads; those of the model when nil.
  package init(network: Network?, pool: WorkerPool? = nil) {
    self.pool = pool ?? network?.pool ?? WorkerPool()
    model = { (_) throws(ModelError) in
      guard let network else { throw .noModel("the decoder was made without one") }
      return network
    }
  }

  /// A decoder that finds the model of each file.
  init(pool: WorkerPool, _ model: @escaping @Sendable (Header) throws(ModelError) -> Network) {
    self.pool = pool
    self.model = model
  }

  /// Decodes a file, or a region of its picture.
  ///
  /// - Throws: `BitstreamError` for damaged bytes, `CodecError` for a file of another model or a region that is not in
  ///   the picture.
  package func decode(
    _ bytes: [UInt8], region: PixelRegion? = nil, limits: DecodeLimits = DecodeLimits()
  ) throws(CodingFailure) -> Picture {
    try open(bytes, region: region, limits: limits).picture()
  }

  /// Pixels along a preview's longer side, at most.
  package static let previewSide = 256

  /// The file of the small picture that a file holds for the first look; nil when there is none.
  ///
  /// - Throws: `BitstreamError` when it is damaged, or is no file of at most ``previewSide`` pixels a side.
  package static func preview(of bytes: [UInt8]) throws(BitstreamError) -> [UInt8]? {
    let file = try FileStructure(parsing: bytes, window: .empty)
    guard let preview = file.ancillary(Chunk.preview) else {
      return nil
    }
    _ = try FileStructure.header(of: preview, limits: DecodeLimits(maxDimension: previewSide))
    return preview
  }

  /// Reads a file up to its codes, for a picture that is not to be in memory as a whole.
  ///
  /// With a region only tiles are read and computed that its pixels depend on; the pixels are those of the whole picture,
  /// to the last bit.
  ///
  /// - Throws: as `decode`.
  package func open(
    _ bytes: [UInt8], region: PixelRegion? = nil, limits: DecodeLimits = DecodeLimits()
  ) throws(CodingFailure) -> PictureDecoding {
    let (file, window) = try part(region, of: bytes, limits)
    let all = PixelRegion(x: 0, y: 0, width: file.header.width, height: file.header.height)
    let region = region ?? all
    guard file.header.needsModel else { return try openGraphics(file, region) }
    let network = try network(of: file)
    let coder = try coder(file, network)
    var segments = [[UInt8]?](repeating: nil, count: file.layout.segments.count)
    let needed = GridWindow.segments(
      for: region, of: file.layout, in: coder.grid, network.configuration)
    for segment in needed {
      segments[segment] = try stage { () throws(BitstreamError) in
        Array(try file.data(of: file.layout.segments[segment]))
      }
    }
    let overlay = try overlay(file, region: region, problems: nil)
    return PictureDecoding(
      .init(
        coder: coder, segments: segments, conceals: false, window: window ?? GridWindow(coder.grid)),
      file: file,
      region: region, alpha: try stage { () throws(BitstreamError) in try file.alpha() },
      overlay: overlay)
  }

  /// As much of a file as a region's pixels depend on, and the positions that must be computed; all for nil.
  private func part(
    _ region: PixelRegion?, of bytes: [UInt8], _ limits: DecodeLimits
  ) throws(CodingFailure) -> (file: FileStructure, window: GridWindow?) {
    var window: GridWindow?
    if let region {
      let header = try stage { () throws(BitstreamError) in
        try FileStructure.header(of: bytes, limits: limits)
      }
      window = try self.window(for: region, header)
    }
    let file = try stage { () throws(BitstreamError) in
      try FileStructure(parsing: bytes, limits: limits, window: window?.rectangle)
    }
    return (file, window)
  }

  /// The positions that must be computed for a region.
  private func window(
    for region: PixelRegion, _ header: Header
  ) throws(CodingFailure) -> GridWindow {
    let shown = try stage { () throws(CodecError) in try region.positions(in: header) }
    guard header.needsModel else { return GridWindow(rows: shown.rows, columns: shown.columns) }
    let network = try stage { () throws(ModelError) in try model(header) }
    return GridWindow(
      for: region, in: LatentGrid(rows: header.rows, columns: header.columns),
      network.configuration)
  }

  /// A file that needs no model.
  private func openGraphics(
    _ file: FileStructure, _ region: PixelRegion
  ) throws(CodingFailure) -> PictureDecoding {
    PictureDecoding(
      nil, file: file, region: region,
      alpha: try stage { () throws(BitstreamError) in try file.alpha() },
      overlay: try overlay(file, region: region, problems: nil))
  }

  /// What of a file must be there to decode a region, in the order in which it is found out.
  package enum RegionPart: Sendable {
    /// Blocks of the level map and units of graphics. All that stands before codes and after them must be there, but for these.
    case levelsAndGraphics
    /// Codes.
    case codes
  }

  /// The bytes that a region's pixels depend on, from the first on, ranges that touch being one.
  ///
  /// - Throws: as `decode`.
  package func ranges(
    of region: PixelRegion, _ part: RegionPart, in bytes: [UInt8],
    limits: DecodeLimits = DecodeLimits()
  ) throws(CodingFailure) -> [Range<Int>] {
    guard part == .codes else { return try partRanges(of: region, in: bytes, limits) }
    let (file, _) = try self.part(region, of: bytes, limits)
    guard file.header.needsModel else { return [] }
    let network = try network(of: file)
    let grid = LatentGrid(rows: file.levelMap.rows, columns: file.levelMap.columns)
    let segments = GridWindow.segments(
      for: region, of: file.layout, in: grid, network.configuration)
    return Self.joined(segments.map { file.range(of: file.layout.segments[$0]) })
  }

  private func partRanges(
    of region: PixelRegion, in bytes: [UInt8], _ limits: DecodeLimits
  ) throws(CodingFailure) -> [Range<Int>] {
    let file = try stage { () throws(BitstreamError) in
      try FileStructure(parsing: bytes, limits: limits, window: .empty)
    }
    let shown = try stage { () throws(CodecError) in try region.positions(in: file.header) }
    let window = try window(for: region, file.header).rectangle
    let blocks = file.levelMapBlocks.filter { file.header.needsModel && $0.block.overlaps(window) }
    let units = zip(file.graphicsPlaces, file.graphicsRanges).filter { $0.0.overlaps(shown) }
    return Self.joined(blocks.map { $0.bytes } + units.map { $0.1 })
  }

  /// Rising ranges, those that touch as one.
  private static func joined(_ ranges: [Range<Int>]) -> [Range<Int>] {
    var result: [Range<Int>] = []
    for range in ranges where !range.isEmpty {
      if let last = result.last, last.upperBound == range.lowerBound {
        result[result.count - 1] = last.lowerBound..<range.upperBound
      } else {
        result.append(range)
      }
    }
    return result
  }

  /// Decodes what can be decoded of a damaged file.
  ///
  /// Header and level map are needed, or the file's copy of them. Damaged tiles are concealed with what the model
  /// expects and what is around them; pixels that damage does not reach are those of the undamaged file, to the last
  /// bit.
  ///
  /// - Throws: `BitstreamError` when header or level map cannot be read, `CodecError` for a file of another model.
  package func recover(
    _ bytes: [UInt8], options: RecoveryOptions = RecoveryOptions(),
    limits: DecodeLimits = DecodeLimits()
  ) throws(CodingFailure) -> Recovery {
    let file = try stage { () throws(BitstreamError) in
      try FileStructure(recovering: bytes, limits: limits)
    }
    var problems = file.problems
    var alpha: AlphaPlane?
    do { alpha = try file.alpha() } catch { problems.append(error) }

    let region = PixelRegion(x: 0, y: 0, width: file.header.width, height: file.header.height)
    let overlay = try overlay(file, region: region, problems: { problems.append($0) })
    guard file.header.needsModel else {
      let decoding = PictureDecoding(
        nil, file: file, region: region, alpha: alpha, overlay: overlay)
      return Recovery(
        picture: try decoding.picture(), damage: [], problems: problems,
        untouchedShare: overlay?.share ?? 0)
    }
    let network = try network(of: file)
    var damage: [Recovery.Damage] = []
    var isDamaged: [Bool] = []
    let segments = file.layout.segments.map { segment -> [UInt8]? in
      do throws(BitstreamError) {
        let data = Array(try file.data(of: segment))
        isDamaged.append(false)
        return data
      } catch {
        damage.append(Recovery.Damage(segment, file, error))
        isDamaged.append(true)
        return options.usesDamagedBits ? file.uncheckedData(of: segment) : nil
      }
    }
    let reach = DamageReach(
      lost: isDamaged, layout: file.layout, levels: file.levelMap.levels,
      grid: LatentGrid(rows: file.levelMap.rows, columns: file.levelMap.columns), network: network)
    let coder = try coder(file, network)
    let decoding = PictureDecoding(
      .init(coder: coder, segments: segments, conceals: true, window: GridWindow(coder.grid)),
      file: file, region: region, alpha: alpha, overlay: overlay)
    return Recovery(
      picture: try decoding.picture(), damage: damage, problems: problems,
      untouchedShare: Double(reach.pixels.count { !$0 }) / Double(reach.pixels.count))
  }

  /// The graphics of a region; nil when the file has none.
  ///
  /// - Parameter problems: is told of damaged units, which the network's picture then shows through; nil to throw instead.
  private func overlay(
    _ file: FileStructure, region: PixelRegion, problems: ((BitstreamError) -> Void)?
  ) throws(CodingFailure) -> GraphicsOverlay? {
    guard let mask = file.graphicsMask else { return nil }
    let shown = try stage { () throws(CodecError) in try region.positions(in: file.header) }
    var units: [(place: GridRectangle, bytes: [UInt8])] = []
    for (number, place) in file.graphicsPlaces.enumerated()
    where place.overlaps(shown) {
      do throws(BitstreamError) {
        units.append((place, Array(try file.graphicsUnit(number))))
      } catch {
        guard let problems else { throw error.failure }
        problems(error)
      }
    }
    return GraphicsOverlay(header: file.header, mask: mask, units: units, pool: pool)
  }

  private func coder(
    _ file: FileStructure, _ network: Network
  ) throws(CodingFailure) -> LatentCoder {
    LatentCoder(
      network: network,
      quantizer: try TrellisQuantizer(
        file.header, table: network.levels, pool: network.pool),
      header: file.header, levelMap: file.levelMap,
      outside: file.outsideMask.flatMap { OutsidePositions($0, columns: file.levelMap.columns) },
      order: file.layout.order)
  }

  /// The model with the file's tuning, which is checked to be the one that made the file.
  private func network(of file: FileStructure) throws(CodingFailure) -> Network {
    let network = try stage { () throws(ModelError) in try model(file.header) }
    try stage { () throws(CodecError) in
      guard file.header.modelIdentifier == network.identifier else {
        throw .wrongModel(expected: network.identifier, found: file.header.modelIdentifier)
      }
      guard file.rateTable == RateTable(network.levels) else {
        throw .incompatible(
          what: "rate table", expected: "\(network.levels.bits)", found: "\(file.rateTable.bits)")
      }
      let tunings = network.configuration.tunings.count
      guard file.header.tuning < tunings else {
        throw .incompatible(
          what: "tuning", expected: "below \(tunings)", found: "\(file.header.tuning)")
      }
    }
    return try stage { () throws(ModelError) in try network.tuned(file.header.tuning) }
  }
}

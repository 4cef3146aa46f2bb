import GQBitstream
import GQModel

/// A picture on its way to a file: what is graphics, the levels of the rest, and both anew where what was coded is far off.
struct PictureEncoding<Source: PictureSource> {
  let network: Network
  let source: Source
  let header: Header
  let attachments: Attachments
  let options: EncodingOptions
  let candidates: GraphicsCandidates
  /// What is expected of levels; nothing where graphics are.
  private var errors: LevelErrors
  /// Codes the positions that are not graphics.
  private var pass: CodingPass
  /// What is coded without loss, if anything is.
  private(set) var graphics: GraphicsLayer?
  /// About how many bits the whole picture takes without loss, where it has something like graphics.
  private(set) var losslessBits: Float?
  init(
    network: Network, source: Source, header: Header, attachments: Attachments,
    options: EncodingOptions, candidates: GraphicsCandidates, errors: LevelErrors, pass: CodingPass
  ) {
    self.network = network
    self.source = source
    self.header = header
    self.attachments = attachments
    self.options = options
    self.candidates = candidates
    self.errors = errors
    self.pass = pass
  }

  /// Whether the picture has hardly any positions.
  var isTiny: Bool { header.rows * header.columns <= 16 }

  /// Chooses the graphics that pay, if any do; what is graphics already stays so.
  ///
  /// - Parameter failed: positions that are known to err so much.
  /// - Returns: whether there are more now.
  @discardableResult
  mutating func chooseGraphics(failed: [LevelRevision.Measured] = []) throws -> Bool {
    let known = mask
    guard candidates.mask.indices.contains(where: { candidates.mask[$0] && !known[$0] }) else {
      return false
    }
    // By sums of errors at first: squares make little of what is expected of flat content, about which predictions know least.
    let norm = failed.isEmpty ? .sum : network.tuning.norm
    let allocator = allocator(norm: norm)
    let lambda: Double
    if let bytes = options.target.bytes(header) {
      guard let found = allocator.lambda(atMost: bytes) else { return false }
      lambda = found
    } else if case .quality(let quality) = options.target {
      lambda = QualityScale.lambda(quality: quality, tuning: network.tuning, norm: norm)
    } else {
      return false
    }
    var costs = allocator.costs(lambda: lambda)
    var hasFailed = [Bool](repeating: false, count: costs.count)
    for (position, error) in failed {
      let cost = norm.cost(Double(error), reciprocal: 1 / Double(errors.samples(position)))
      costs[position] = max(costs[position], cost)
      hasFailed[position] = true
    }
    let chosen = try CodedGraphics.chosen(
      source, header: header, candidates: candidates, known: known, costs: costs,
      coded: allocator.levels(lambda: lambda).map { allocator.bits[Int($0)] }, failed: hasFailed,
      lambda: lambda, effort: options.effort, pool: network.pool
    ) {
      let bits = try RepeatedPixels(source, header: header).bits
      losslessBits = bits.reduce(0, +)
      return bits
    }
    guard let chosen, chosen.mask != known else { return false }
    graphics = chosen
    let outside = OutsidePositions(chosen.mask, columns: header.columns)
    (pass.features, errors) = try PictureFeatures.read(
      source, header, network, outside: outside, holds: pass.features.nonlinear != nil)
    errors.clear(chosen.mask)
    pass.graphicsMask = chosen.mask
    return true
  }

  /// Whether all of the picture is graphics.
  var isGraphics: Bool { graphics.map { !$0.mask.contains(false) } ?? false }

  /// Measures what levels are worth where so much effort is asked for.
  mutating func measureLevels() throws {
    guard options.effort >= 7, network.tuning == .psnr else { return }
    var samples: [UInt8] = []
    try source.forEachRows(header.height) { samples += $0 }
    var rows = NetworkInputRows(
      width: source.width, colorType: source.colorType, pool: network.pool)
    try errors.measure(
      draws: 1 << (options.effort - 7), network: network, quantizer: pass.quantizer,
      source: rows.push(samples, isLast: true), outside: pass.features.outside)
  }

  private func allocator(norm: ErrorNorm? = nil) -> Allocator {
    let rateTable = RateTable(network.levels)
    let graphicsBytes = graphics?.byteCount(header) ?? (0, 0)
    return Allocator(errors: errors, bits: rateTable.bits, norm: norm ?? network.tuning.norm) {
      CodedPicture.byteCount(
        header: header, rateTable: rateTable,
        levelMap: LevelMap(columns: header.columns, rows: header.rows, levels: $0),
        graphicsBytes: graphicsBytes, order: options.order, ancillary: attachments.chunks,
        hasHeadCopy: options.copiesHead)
    }
  }

  /// The bytes of the file by the levels chosen first, where there is something like graphics.
  var expectedByteCount: Int? {
    losslessBits == nil ? nil : (try? chooseLevels()).map(allocator().fileSize)
  }

  /// The most bytes that a file without loss may have in place of one of so many; nil where it seems to be larger.
  func losslessBytes(insteadOf bytes: Int) -> Int? {
    if isTiny, graphics == nil {
      // Tiny pictures take at most twice the bytes and a few more.
      let allowed = options.target.bytes(header) ?? 2 * bytes + 200
      return candidates.bits.reduce(0, +) < 16 * Float(allowed) ? allowed : nil
    }
    // The estimate may be half too high.
    return losslessBits ?? .infinity < 1.5 * 8 * Float(bytes) ? bytes : nil
  }

  /// The most bytes allowed, where they are more than the best levels take; nil else.
  var spaciousTarget: Int? {
    guard let bytes = options.target.bytes(header), bytes >= fileSizeOfBestLevels else {
      return nil
    }
    return bytes
  }

  private var fileSizeOfBestLevels: Int {
    let allocator = allocator()
    return allocator.fileSize(allocator.levels(lambda: 0))
  }

  /// A level for every position.
  private func chooseLevels() throws -> [UInt8] {
    let allocator = allocator()
    if case .quality(let quality) = options.target {
      if options.uniform {
        let rateLevels = RateTable(network.levels).rateLevels
        let rateLevel = (quality / 100 * Double(rateLevels.count - 1)).rounded()
        return allocator.uniformLevels(bits: rateLevels[Int(rateLevel)].bits)
      }
      return allocator.levels(lambda: QualityScale.lambda(quality: quality, tuning: network.tuning))
    }
    let bytes = options.target.bytes(header) ?? 0
    do throws(CodecError) {
      return options.uniform
        ? try allocator.uniformLevels(atMost: bytes) : try allocator.levels(atMost: bytes)
    } catch {
      guard case .targetTooSmall(let allowed, let smallest) = error, !attachments.chunks.isEmpty
      else { throw error }
      throw CodecError.noRoomForAttachments(
        allowedBytes: allowed, smallestBytes: smallest,
        metadataBytes: attachments.metadataBytes, previewBytes: attachments.previewBytes,
        alphaBytes: attachments.alphaBytes)
    }
  }

  /// Codes the picture.
  ///
  /// What was predicted of content unlike the training's may be far off: then graphics are chosen once more, and levels eight times
  /// at most, or once where only single blocks are visible and in large pictures, of which a position is a small part. A few
  /// positions of these are rather kept without loss, and so is what stays far off beside graphics, where it is seen, or has many
  /// bits, and flat ground whose mean is off.
  mutating func code() throws -> CodingPass.Result {
    var best = try pass.run(source, try chooseLevels())
    guard var measured = best.errors else { return best }
    var levels = best.levels
    let isLarge = levels.count >= LevelRevision.crowd
    var revision = LevelRevision(network: network)
    // Large pictures nearly always have a visible block.
    let correctsVisible = !isLarge || options.effort >= 6
    var unlearned = correctsVisible ? errors : nil
    var choseGraphics = graphics != nil
    var mayChooseMore = options.graphics == .auto && !options.uniform
    if keepsFailures {
      try keepWithoutLoss(revision.shifted(candidates, measured, errors), &measured)
      best.errors = measured
    }
    for attempt in 0..<(isLarge ? 1 : 8) {
      let isFarOff = revision.learn(&errors, levels: levels, measured: measured)
      if isFarOff, revision.isUnlike, mayChooseMore {
        mayChooseMore = false
        if let coded = try codeWithMoreGraphics(best, revision, unlearned ?? errors) {
          best = coded
          (levels, measured) = (coded.levels, coded.errors ?? measured)
          revision = LevelRevision(network: network)
          if correctsVisible { unlearned = errors }
          choseGraphics = true
          continue
        }
      }
      var hasVisible = false
      if attempt == 0, let unlearned {
        // What was learned of failures that do not matter is forgotten.
        var corrected = isFarOff ? errors : unlearned
        hasVisible = revision.correctVisible(&corrected, levels: levels, measured: measured)
        if hasVisible { errors = corrected }
      }
      guard isFarOff || hasVisible else { break }
      if !hasVisible, isLarge, revision.isFarOffAlone, keepsFailures, !choseGraphics {
        try keepWithoutLoss(revision.farOff, &measured)
        break
      }
      let chosen = try chooseLevels()
      if chosen == levels { break }
      levels = chosen
      let coded = try pass.run(source, levels)
      measured = coded.errors ?? measured
      if cost(coded, revision, unlearned ?? errors) < cost(best, revision, unlearned ?? errors) {
        best = coded
      }
      if !isFarOff { break }
    }
    if keepsFailures, var found = best.errors {
      try keepWithoutLoss(revision.shifted(candidates, found, errors), &found)
      let farOff = revision.farOff(
        beside: mask, levels: best.levels, measured: found,
        expected: unlearned ?? errors)
      try keepWithoutLoss(farOff, &found)
    }
    return best
  }

  /// Codes the picture with more graphics where so much failed that its content seems unlike the training's, if that costs less.
  ///
  /// - Parameter coded: the picture as it was coded, from which `revision` learned.
  /// - Returns: nil when nothing has changed.
  private mutating func codeWithMoreGraphics(
    _ coded: CodingPass.Result, _ revision: LevelRevision, _ expected: LevelErrors
  ) throws -> CodingPass.Result? {
    let before = self
    guard try chooseGraphics(failed: revision.failed) else { return nil }
    var found: CodingPass.Result?
    do {
      let levels = try chooseLevels()
      found = CodingPass.Result(levels: levels, segments: [], errors: coded.errors)
      found?.errors?.leaveOut(mask)
      if !isGraphics { found = try pass.run(source, levels) }
    } catch CodecError.targetTooSmall, CodecError.noRoomForAttachments {}
    if let found, bits(found) <= Self.exactnessFactor * before.bits(coded),
      cost(found, revision, errors) < before.cost(coded, revision, expected)
    {
      return found
    }
    self = before
    return nil
  }

  /// Whether positions that are far off may become graphics.
  private var keepsFailures: Bool {
    guard case .quality = options.target else { return false }
    return options.graphics == .auto && !options.uniform && (graphics != nil || !isTiny)
  }

  /// Which positions are graphics.
  private var mask: [Bool] {
    graphics?.mask ?? [Bool](repeating: false, count: candidates.mask.count)
  }

  /// Adds positions to the graphics; their errors count no more.
  private mutating func keepWithoutLoss(
    _ positions: [Int], _ measured: inout DecodedErrors.Found
  ) throws {
    guard !positions.isEmpty else { return }
    var mask = mask
    for position in positions { mask[position] = true }
    graphics = try CodedGraphics(
      source, header: header, mask: mask,
      outside: graphics?.outside ?? [Bool](repeating: false, count: mask.count),
      effort: options.effort, pool: network.pool
    ).layer
    pass.graphicsMask = mask
    measured.leaveOut(mask)
  }

  /// What a pass made costs: its errors but for those of positions that will rather be kept without loss, and where the file's size
  /// is free its bits.
  private func cost(
    _ coded: CodingPass.Result, _ revision: LevelRevision, _ expected: LevelErrors
  ) -> Double {
    guard var measured = coded.errors else { return 0 }
    var bits = bits(coded)
    if keepsFailures {
      var kept = [Bool](repeating: false, count: coded.levels.count)
      for position in revision.farOff(
        beside: mask, levels: coded.levels, measured: measured, expected: expected)
      {
        kept[position] = true
        bits += Self.keptBits
      }
      measured.leaveOut(kept)
    }
    let sum = revision.cost(measured, errors)
    guard case .quality(let quality) = options.target else { return sum }
    return sum + QualityScale.lambda(quality: quality, tuning: network.tuning) * Double(bits)
  }

  /// About the bits of a picture as coded.
  private func bits(_ coded: CodingPass.Result) -> Int {
    coded.levels.reduce(8 * (graphics?.byteCount(header).chunk ?? 0)) {
      $0 + network.levels.bits[Int($1)]
    }
  }

  /// How many times the bits that failed graphics may take in their place: noise without loss takes far more.
  private static var exactnessFactor: Int { 2 }

  /// About what a position of a photograph takes without loss.
  private static var keptBits: Int { 3000 }
}

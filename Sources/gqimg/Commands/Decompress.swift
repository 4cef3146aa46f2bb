public import ArgumentParser
import GQBitstream
public import GQCodec
import GQModel
package import GQPixelIO

struct Decompress: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Decompress .gqz files into PNG, JPEG, WebP or PPM pictures.",
    usage: """
      gqimg decompress [<options>] <in.gqz> <out>
      gqimg decompress [<options>] --output <folder> <in.gqz> ...
      """,
    discussion: """
      The format is that of the output's ending unless --format names it; on standard output and with --output it is \
      PNG by default. ICC profile, Exif and XMP are written to PNG, JPEG and WebP. JPEG and PPM hold no alpha: \
      --background puts the picture on a colour. With --recover the exit code is 0 only for files that were whole, and \
      2 when something was damaged; the picture is written all the same.
      """)

  @Argument(
    help: ArgumentHelp(
      "A .gqz file and the picture to write, or with --output any number of files and folders. - is standard input "
        + "or output.", valueName: "path"),
    completion: .file(extensions: ["gqz", "png", "jpg", "jpeg", "webp", "ppm", "pgm"]))
  var paths: [String]

  @Option(help: ArgumentHelp("png, jpeg, webp or ppm.", valueName: "format"))
  var format: PictureFormat?

  @Option(help: ArgumentHelp("PNG compression, 0 (none) to 9 (slow).", valueName: "level"))
  var pngLevel = 3

  @Option(help: ArgumentHelp("JPEG quality, 1 to 100.", valueName: "quality"))
  var jpegQuality = 92

  @Option(
    help: ArgumentHelp(
      "WebP quality, 0 to 100; without it WebP is written without loss.", valueName: "quality"))
  var webpQuality: Int?

  @Option(
    help: ArgumentHelp(
      "Only this part of the picture, in pixels; only what it needs is read and computed.",
      valueName: "x,y,width,height"))
  var region: PixelRegion?

  @Flag(
    help:
      "The small picture that the file holds instead, where it holds one and --fit asks for no more."
  )
  var preview = false

  @Option(
    help: ArgumentHelp("Shrink the picture so that no side has more pixels.", valueName: "pixels"))
  var fit: Int?

  @Option(
    help: ArgumentHelp(
      "Put a picture with alpha on this colour: white, black or hexadecimal as #ffffff.",
      valueName: "colour"))
  var background: BackgroundColour?

  @Flag(help: "Decode damaged files as far as possible; damaged tiles are concealed and listed.")
  var recover = false

  @Flag(
    help: "With --recover: use the bits of damaged tiles, for files with single wrong bits.")
  var useDamagedBits = false

  @Option(
    help: ArgumentHelp("Refuse pictures of more pixels than this.", valueName: "pixels"))
  var maxPixels = DecodeLimits().maxPixels

  @OptionGroup var metadata: MetadataOptions

  @OptionGroup(title: "Output") var outputs: OutputOptions

  @OptionGroup(title: "Model") var model: ModelOptions

  /// Checks what the options say together. Not `validate`, which would come before options that do not exist are named.
  private func check() throws {
    if let problem = outputs.problem(paths: paths) { throw ValidationError(problem) }
    if !(0...9).contains(pngLevel) {
      throw ValidationError("--png-level must be 0 to 9, not \(pngLevel)")
    }
    if !(1...100).contains(jpegQuality) {
      throw ValidationError("--jpeg-quality must be 1 to 100, not \(jpegQuality)")
    }
    if let webpQuality, !(0...100).contains(webpQuality) {
      throw ValidationError("--webp-quality must be 0 to 100, not \(webpQuality)")
    }
    if let fit, !(1...65535).contains(fit) {
      throw ValidationError("--fit must be 1 to 65535, not \(fit)")
    }
    if maxPixels < 1 { throw ValidationError("--max-pixels must be above 0, not \(maxPixels)") }
    if preview, recover || region != nil {
      throw ValidationError("--preview does not go with --recover or --region")
    }
    if recover, region != nil { throw ValidationError("--region does not go with --recover") }
    if useDamagedBits, !recover { throw ValidationError("--use-damaged-bits needs --recover") }
    if outputs.output == nil, SystemPath.ending(paths[1]) == "gqz" {
      throw ValidationError("\(paths[1]) has the ending of a .gqz file, not of a picture")
    }
    if outputs.output == nil, format == nil, ["pbm", "pam"].contains(SystemPath.ending(paths[1])) {
      throw ValidationError(
        "\(paths[1]): PBM and PAM are read, not written; .ppm or .pgm, or .png for alpha")
    }
    if outputs.output == nil, formatOfOutput == nil {
      throw ValidationError(
        "the ending of \(paths[1]) names no format: png, jpg, webp or ppm, or --format")
    }
  }

  /// The format to write, or nil when nothing says which.
  private var formatOfOutput: PictureFormat? {
    if let format { return format }
    if outputs.output != nil || isStandardOutput(paths.last ?? "-") { return .png }
    return PictureFormat(fileEnding: SystemPath.ending(paths.last ?? ""))
  }

  private var limits: DecodeLimits { DecodeLimits(maxPixels: maxPixels) }

  /// The header of a file whose structure is sound, or with --recover can be made out.
  private func header(_ bytes: [UInt8]) throws -> Header {
    recover
      ? try FileStructure(recovering: bytes, limits: limits).header
      : try FileStructure(parsing: bytes, limits: limits).header
  }

  /// Reads a file as it is, or with --recover the picture and what was wrong with it.
  private func open(
    _ bytes: [UInt8], _ network: Network?, _ pool: WorkerPool
  ) throws -> Decoded {
    let decoder = GQDecoder(network: network, pool: pool)
    guard recover else {
      return .rows(try decoder.open(bytes, region: region, limits: limits))
    }
    let recovery = try decoder.recover(
      bytes, options: RecoveryOptions(usesDamagedBits: useDamagedBits), limits: limits)
    return .buffered(recovery.picture, FileDamage(recovery, usesDamagedBits: useDamagedBits))
  }

  func run() throws {
    try check()
    let format = formatOfOutput ?? .png
    let jobs = try outputs.jobs(
      paths: paths, endings: ["gqz"], newEnding: format.fileEndings[0])
    let writer = PictureWriter(
      format: format, pngLevel: pngLevel, jpegQuality: jpegQuality, webpQuality: webpQuality)
    let models = LoadedModels()
    try outputs.run(jobs, model: model.model) { job in
      let bytes = try reporting(job.input) {
        let bytes = try readCodedFile(job.input)
        guard preview, fit ?? 0 <= GQDecoder.previewSide else { return bytes }
        return try GQDecoder.preview(of: bytes) ?? bytes
      }
      let start = now()
      // A file that is refused is refused before the model is loaded.
      let header = try reporting(job.input) { try self.header(bytes) }
      let network =
        header.needsModel
        ? try models.network(header.modelIdentifier) {
          try model.network(decoding: header, jobs: outputs.jobCount(jobs))
        } : nil
      try MemoryNeed.decoding(width: header.width, height: header.height).check(job.input)
      var decoded = try reporting(job.input) {
        try open(bytes, network, model.pool(jobs: outputs.jobCount(jobs)))
      }
      // What is done to a picture as a whole needs the whole picture.
      if fit != nil || background != nil || decoded.hasAlpha {
        decoded = try reporting(job.input) { try decoded.whole() }
      }
      let (width, height) = (decoded.format.width, decoded.format.height)
      if case .buffered(var picture, let damage) = decoded {
        if let background { picture = background.under(picture) }
        if let fit { picture = picture.fitted(within: fit) }
        decoded = .buffered(picture, damage)
      }
      let found = decoded.format
      let isWhole = found.width == header.width && found.height == header.height
      let kept =
        isWhole
        ? found.metadata : found.metadata.describing(width: found.width, height: found.height)
      let rowFormat = found.with(metadata: kept.without(metadata.parts))
      if rowFormat.colorType == .rgb, SystemPath.ending(job.output) == "pgm" {
        throw Problem(
          message:
            "\(named(job.input)): the picture has colours, \(job.output) would be grey; .ppm holds them"
        )
      }
      if !format.hasAlpha, rowFormat.hasAlpha {
        throw Problem(
          message: "\(named(job.input)): \(format) holds no alpha; --background puts it on a colour"
        )
      }
      var byteCount = 0
      var conversions: [Conversion] = []
      try outputs.write(job) { write in
        let rows = try writer.rows(rowFormat)
        // Rows are written while the next are decoded.
        let writing = PipelineStage(isConcurrent: decoded.isPipelined && model.threads != 1) {
          (samples: [UInt8]) throws in
          let bytes = try reporting(job.output) { try rows.write(samples) }
          try write(bytes)
          byteCount += bytes.count
        }
        try reporting(job.input) { try decoded.forEachRows { try writing.push($0) } }
        try writing.finish()
        let end = try rows.finish()
        try write(end.bytes)
        byteCount += end.bytes.count
        conversions = end.conversions
      }
      let seconds = now() - start
      let warnings = (decoded.damage?.lines ?? []) + conversions.map { "\($0)" }
      return Outcome(
        description: DecompressedFile(
          input: job.input, output: job.output, format: "\(format)", width: width, height: height,
          outputWidth: rowFormat.width, outputHeight: rowFormat.height,
          alpha: rowFormat.hasAlpha, inputBytes: bytes.count, bytes: byteCount,
          seconds: seconds, warnings: warnings, damage: decoded.damage),
        text: "\(rowFormat.width)x\(rowFormat.height)"
          + (rowFormat.width == width && rowFormat.height == height
            ? "" : " from \(width)x\(height)") + ", \(fixed(seconds, 2)) s",
        details: [
          "from \(bytes.count) bytes",
          "to \(format), \(rowFormat.width)x\(rowFormat.height), \(byteCount) bytes",
          network.map { "model \(hexadecimal($0.identifier))" } ?? "no model",
        ], warnings: warnings, isConcealed: decoded.damage?.isEmpty == false)
    }
  }
}

/// A picture that is in memory, or about to be decoded row by row.
private enum Decoded {
  case buffered(Picture, FileDamage?)
  case rows(PictureDecoding)

  var format: RowFormat {
    switch self {
    case .buffered(let picture, _): RowFormat(picture)
    case .rows(let decoding):
      RowFormat(
        width: decoding.width, height: decoding.height, colorType: decoding.colorType,
        hasAlpha: decoding.alpha != nil, metadata: decoding.metadata)
    }
  }

  var hasAlpha: Bool { format.hasAlpha }

  var damage: FileDamage? {
    guard case .buffered(_, let damage) = self else { return nil }
    return damage
  }

  /// Whether there are rows to decode while others are written.
  var isPipelined: Bool {
    guard case .rows(let decoding) = self else { return false }
    return decoding.isPipelined
  }

  /// The same in memory.
  func whole() throws -> Decoded {
    guard case .rows(let decoding) = self else { return self }
    return .buffered(try decoding.picture(), nil)
  }

  /// Calls `body` with samples of some rows at a time, alpha behind the colour of each pixel.
  func forEachRows(_ body: ([UInt8]) throws -> Void) throws {
    switch self {
    case .buffered(let picture, _): try picture.forEachInterleaved(body)
    case .rows(let decoding): try decoding.forEachRows(body)
    }
  }
}

/// What `decompress` says of a file.
private struct DecompressedFile: Encodable {
  let input: String
  let output: String
  let format: String
  let width: Int
  let height: Int
  let outputWidth: Int
  let outputHeight: Int
  let alpha: Bool
  let inputBytes: Int
  let bytes: Int
  let seconds: Double
  let warnings: [String]
  let damage: FileDamage?
}

/// What --recover says of a file.
private struct FileDamage: Encodable {
  /// Damaged tiles, in pixels.
  let tiles: [Tile]
  /// What is wrong beside tiles.
  let problems: [String]
  /// Share of the picture that is certainly as it was.
  let untouchedShare: Double

  struct Tile: Encodable {
    let x: Int
    let y: Int
    let width: Int
    let height: Int
    let phases: [Int]
    /// Whether its bits were decoded in spite of their checksum.
    let isDecoded: Bool
    let reason: String

    init(_ damage: Recovery.Damage, usesDamagedBits: Bool) {
      if usesDamagedBits, case .checksumMismatch = damage.reason {
        isDecoded = true
      } else {
        isDecoded = false
      }
      x = damage.x
      y = damage.y
      width = damage.width
      height = damage.height
      phases = damage.phases
      reason = "\(damage.reason)"
    }
  }

  /// Whether the file was whole after all.
  var isEmpty: Bool { tiles.isEmpty && problems.isEmpty }

  init(_ recovery: Recovery, usesDamagedBits: Bool) {
    tiles = recovery.damage.map { Tile($0, usesDamagedBits: usesDamagedBits) }
    problems = recovery.problems.map { "\($0)" }
    untouchedShare = recovery.untouchedShare
  }

  /// What a person is told: not more than fits on a screen.
  var lines: [String] {
    let shown = tiles.prefix(Self.maxLines).map {
      "\($0.isDecoded ? "decoded as they are" : "concealed") "
        + "\($0.width)x\($0.height) pixels at \($0.x),\($0.y): \($0.reason)"
    }
    let rest = tiles.count - shown.count
    return problems + shown + (rest > 0 ? ["and \(rest) more damaged parts; --json lists all"] : [])
  }

  private static let maxLines = 12
}

extension PixelRegion: ExpressibleByArgument {
  /// A rectangle from its left column, upper row, width and height.
  public init?(argument: String) {
    let numbers = argument.split(separator: ",", omittingEmptySubsequences: false).map { Int($0) }
    guard numbers.count == 4,
      case let (x?, y?, width?, height?) = (numbers[0], numbers[1], numbers[2], numbers[3])
    else { return nil }
    self.init(x: x, y: y, width: width, height: height)
  }
}

/// A colour to put under pictures with alpha.
struct BackgroundColour: ExpressibleByArgument {
  private let red: UInt8
  private let green: UInt8
  private let blue: UInt8

  init?(argument: String) {
    var digits = ["white": "ffffff", "black": "000000"][argument] ?? argument
    if digits.hasPrefix("#") { digits.removeFirst() }
    if digits.count == 3 { digits = String(digits.flatMap { [$0, $0] }) }
    guard digits.count == 6, digits.allSatisfy(\.isHexDigit), let value = UInt32(digits, radix: 16)
    else { return nil }
    red = UInt8(value >> 16)
    green = UInt8(value >> 8 & 255)
    blue = UInt8(value & 255)
  }

  func under(_ picture: Picture) -> Picture {
    picture.flattened(red: red, green: green, blue: blue)
  }
}

extension PictureFormat: ExpressibleByArgument {
  /// The format with this file ending.
  package init?(argument: String) { self.init(fileEnding: argument) }

  /// What help shows.
  package static var allValueStrings: [String] { ["png", "jpeg", "webp", "ppm"] }
}

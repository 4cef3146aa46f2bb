import ArgumentParser
import GQBitstream
import GQCodec
import GQModel
import GQPixelIO

struct Compress: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Compress PNG, JPEG, WebP, PGM or PPM pictures into .gqz files.",
    usage: """
      gqimg compress [<options>] <in> <out.gqz>
      gqimg compress [<options>] --output <folder> <in> ...
      """,
    discussion: """
      Without a target the quality is \(Int(EncodingOptions.defaultQuality)), about SSIMULACRA2 75 and one bit per pixel on \
      photographs. --bpp and --size are promises: the file, with header, alpha and metadata, is never larger. \
      --ssimulacra2 and --psnr try some files, decode each and keep the smallest that reaches the score, without loss \
      if nothing else does. \
      Alpha is kept without loss; ICC profile, Exif and XMP are kept unless --strip is given. A file that fails is \
      reported and does not stop the others.
      """)

  @Argument(
    help: ArgumentHelp(
      "A picture and the .gqz file to write, or with --output any number of pictures and folders. - is standard "
        + "input or output.", valueName: "path"),
    completion: .file(extensions: ["png", "jpg", "jpeg", "webp", "ppm", "pgm", "gqz"]))
  var paths: [String]

  @Option(
    name: [.customLong("quality"), .customShort("q", allowingJoined: true)],
    help: "0 (smallest) to 100 (best); about the SSIMULACRA2 of photographs between 50 and 90.")
  var quality: Double?

  @Option(help: ArgumentHelp("At most this many bits per pixel.", valueName: "rate"))
  var bpp: Double?

  @Option(
    help: ArgumentHelp(
      "At most this many bytes; k and M stand for 1000 and 1000000, Ki and Mi for 1024 and 1048576.",
      valueName: "bytes"))
  var size: ByteCount?

  @Option(
    help: ArgumentHelp(
      "The smallest file with this SSIMULACRA2: 50 medium, 70 high, 90 visually lossless.",
      valueName: "score"))
  var ssimulacra2: Double?

  @Option(help: ArgumentHelp("The smallest file with this PSNR (see --tune).", valueName: "dB"))
  var psnr: Double?

  @Flag(
    help:
      "One level for the whole picture, for comparison; -q is then a share of the bits there are, not a look."
  )
  var uniform = false

  @Option(
    name: [.customLong("effort"), .customShort("e", allowingJoined: true)],
    help: "1 (fast) to 9 (thorough).")
  var effort = 5

  @Option(help: "What the picture should be good at for its size: visual (SSIMULACRA2) or psnr.")
  var tune: Tuning = .visual

  @Flag(
    help:
      "Keep every sample, alpha and the colours under it as they are. --bpp and --size are then only limits."
  )
  var lossless = false

  @Option(
    help:
      "Text, screens and drawings: auto codes them without loss where that is cheaper; off leaves them to the network."
  )
  var graphics: GraphicsChoice = .auto

  @Flag(help: "Order the codes so that a file that is cut short still shows everything, worse.")
  var progressive = false

  @Flag(help: "Write header and level map twice, for files that may be damaged.")
  var protect = false

  @Flag(help: "Store a small picture of at most 256 pixels too, for thumbnails and deep zoom.")
  var preview = false

  @OptionGroup var metadata: MetadataOptions

  @Flag(
    help: "Refuse what cannot be taken over exactly: 16 bits, CMYK, comments, files with errors.")
  var strict = false

  @Flag(
    help:
      "Take what damaged JPEG and PNG files still show; what is missing is filled in, exit code 2.")
  var partial = false

  @OptionGroup(title: "Output") var outputs: OutputOptions

  @OptionGroup(title: "Model") var model: ModelOptions

  /// Checks what the options say together. Not `validate`, which would come before options that do not exist are named.
  private func check() throws {
    if let problem = outputs.problem(paths: paths) { throw ValidationError(problem) }
    let targets = [quality != nil, bpp != nil, size != nil, ssimulacra2 != nil, psnr != nil]
    if targets.filter({ $0 }).count > 1 {
      throw ValidationError(
        "--quality, --bpp, --size, --ssimulacra2 and --psnr exclude each other")
    }
    if lossless, quality != nil {
      throw ValidationError("--lossless and --quality exclude each other")
    }
    if lossless, uniform || graphics == .off {
      throw ValidationError("--lossless codes everything as graphics")
    }
    if lossless, ssimulacra2 != nil || psnr != nil {
      throw ValidationError("--lossless excludes --ssimulacra2 and --psnr")
    }
    if let ssimulacra2, !(-1000...100).contains(ssimulacra2) {
      throw ValidationError("--ssimulacra2 must be at most 100, not \(ssimulacra2)")
    }
    if let psnr, !(0...100).contains(psnr) {
      throw ValidationError("--psnr must be 0 to 100, not \(psnr)")
    }
    if let quality, !(0...100).contains(quality) {
      throw ValidationError("--quality must be 0 to 100, not \(quality)")
    }
    if strict, partial { throw ValidationError("--strict and --partial exclude each other") }
    if let bpp, !(bpp > 0 && bpp <= 1000) {
      throw ValidationError("--bpp must be above 0 and at most 1000, not \(bpp)")
    }
    if outputs.output == nil, PictureFormat.isPictureEnding(SystemPath.ending(paths[1])) {
      throw ValidationError("\(paths[1]) has the ending of a picture; a .gqz file gets .gqz")
    }
    if !(1...9).contains(effort) {
      throw ValidationError("--effort must be 1 to 9, not \(effort)")
    }
  }

  private var target: RateTarget {
    if let bpp { return .bitsPerPixel(bpp) }
    if let size { return .bytes(size.count) }
    return .quality(quality ?? EncodingOptions.defaultQuality)
  }

  private var scoreTarget: ScoreTarget? {
    ssimulacra2.map { .ssimulacra2($0) } ?? psnr.map { .psnr($0) }
  }

  func run() throws {
    try check()
    let jobs = try outputs.jobs(
      paths: paths, endings: PictureFormat.allCases.flatMap(\.fileEndings), newEnding: "gqz")
    let reader = PictureReader(
      keepsMetadata: !metadata.parts.isSuperset(of: [.exif, .xmp, .icc]), isStrict: strict,
      isPartial: partial)
    let options = EncodingOptions(
      target: target, uniform: uniform, effort: effort, graphics: graphics, isLossless: lossless,
      order: progressive ? .phases : .tiles, copiesHead: protect)
    let models = LoadedModels()
    try outputs.run(jobs, model: model.model) { job in
      let picture = try reporting(job.input) {
        do {
          return try InputPicture(
            job.input, reader, without: metadata.parts, isHeld: scoreTarget != nil)
        } catch let error as PixelIOError where error.isPartlyReadable && !partial {
          var problem = Problem(named(job.input), error)
          problem.message += "; --partial takes what the file still shows"
          throw problem
        }
      }
      let start = now()
      let preview = preview && picture.takesPreview
      // Without loss only a preview needs the model.
      let network =
        lossless && !preview
        ? nil
        : try models.network { try model.network(tune, jobs: outputs.jobCount(jobs)) }
      var (options, score) = try reporting(job.input) {
        try reachingScore(picture, network, options)
      }
      try MemoryNeed.encoding(width: picture.width, height: picture.height).check(job.input)
      let bytes = try reporting(job.input) {
        if preview, let network {
          options.preview = try picture.preview(GQEncoder(network: network))
        }
        guard !lossless, let network else {
          return try picture.encoded(
            LosslessEncoder(pool: model.pool(jobs: outputs.jobCount(jobs))), options)
        }
        return try picture.encoded(GQEncoder(network: network), options)
      }
      let description = CompressedFile(
        job, picture, bytes: bytes.count, isSizeGiven: bpp != nil || size != nil,
        seconds: now() - start, score: score)
      try outputs.write(job) { write in try write(bytes) }
      return Outcome(
        description: description,
        text: [description.text, score.map { "\($0.target.text($0.value))" }]
          .compactMap { $0 }.joined(separator: ", "),
        details: [
          "from \(picture.format), \(description.colorType)\(description.alpha ? " with alpha" : "")",
          "\(description.metadataBytes) bytes of metadata",
          lossless ? "no model" : "model \(hexadecimal(network?.identifier ?? []))",
        ], warnings: description.warnings, isConcealed: picture.isIncomplete)
    }
  }
}

extension Compress {
  /// The options of the smallest file that reaches the score, where one is asked for, and its score.
  private func reachingScore(
    _ picture: InputPicture, _ network: Network?, _ options: EncodingOptions
  ) throws -> (options: EncodingOptions, score: Score?) {
    guard let scoreTarget, let network, case .buffered(let file) = picture else {
      return (options, nil)
    }
    let found = try scoreTarget.search(file.picture, network, options)
    return (found.options, Score(target: scoreTarget, value: found.score))
  }
}

/// A score that a file has.
private struct Score {
  let target: ScoreTarget
  let value: Double
}

/// What `compress` says of a file.
private struct CompressedFile: Encodable {
  let input: String
  let output: String
  let width: Int
  let height: Int
  let colorType: String
  let alpha: Bool
  let metadataBytes: Int
  let bytes: Int
  let bitsPerPixel: Double
  let seconds: Double
  let warnings: [String]
  /// What was reached, where it was asked for.
  let ssimulacra2: Double?
  let psnr: Double?

  init(
    _ job: FileJob, _ picture: InputPicture, bytes: Int, isSizeGiven: Bool, seconds: Double,
    score: Score?
  ) {
    switch score?.target {
    case .ssimulacra2: (ssimulacra2, psnr) = (score?.value, nil)
    // The same to the last bit has no ratio.
    case .psnr: (ssimulacra2, psnr) = (nil, score.flatMap { $0.value.isFinite ? $0.value : nil })
    case nil: (ssimulacra2, psnr) = (nil, nil)
    }
    input = job.input
    output = job.output
    width = picture.width
    height = picture.height
    colorType = "\(picture.colorType)"
    alpha = picture.hasAlpha
    metadataBytes = [
      picture.metadata.iccProfile, picture.metadata.exif, picture.metadata.xmp,
    ].reduce(0) { $0 + ($1?.count ?? 0) }
    self.bytes = bytes
    bitsPerPixel = Double(bytes * 8) / Double(picture.width * picture.height)
    self.seconds = seconds
    var warnings = picture.conversions.map { "\($0)" }
    if isSizeGiven, metadataBytes > bytes / 2 {
      warnings.append(
        "metadata takes \(metadataBytes) of the \(bytes) bytes; --strip all leaves it out")
    }
    self.warnings = warnings
  }

  var text: String {
    "\(width)x\(height), \(bytes) bytes, \(fixed(bitsPerPixel, 4)) bpp, \(fixed(seconds, 2)) s"
  }
}

/// A number of bytes as people write it: 20000, 20k, 20kB, 20KiB, 1.5M.
struct ByteCount: ExpressibleByArgument {
  let count: Int

  init?(argument: String) {
    var digits = argument.lowercased()[...]
    var step = 1000.0
    if digits.hasSuffix("b") { digits.removeLast() }
    if digits.hasSuffix("i") {
      digits.removeLast()
      step = 1024
    }
    var factor = 1.0
    let prefixes: [Character] = ["k", "m", "g"]
    if let last = digits.last, let power = prefixes.firstIndex(of: last) {
      digits.removeLast()
      for _ in 0...power { factor *= step }
    } else if step != 1000 {
      return nil
    }
    guard digits.last?.isNumber == true || digits.last == ".", let value = Double(digits),
      value * factor >= 1, value * factor <= 1e12
    else { return nil }
    count = Int(value * factor)
  }
}

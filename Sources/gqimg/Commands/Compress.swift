import ArgumentParser
import Codec

struct Compress: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Compress a PNG or JPEG picture into a .gqz file.",
    discussion: """
      Without a target the quality is \(Int(EncodingOptions.defaultQuality)), about half a bit per pixel on \
      photographs. --bpp and --size are promises: the file, header included, is never larger.
      """)

  @Argument(help: ArgumentHelp("PNG or JPEG file, or - for standard input.", valueName: "in"))
  var input: String

  @Argument(help: ArgumentHelp("File to write, or - for standard output.", valueName: "out.gqz"))
  var output: String

  @Option(name: .shortAndLong, help: "0 (smallest) to 100 (best).")
  var quality: Double?

  @Option(help: ArgumentHelp("At most this many bits per pixel.", valueName: "rate"))
  var bpp: Double?

  @Option(
    help: ArgumentHelp(
      "At most this many bytes; k and M stand for 1000 and 1000000.", valueName: "bytes"))
  var size: ByteCount?

  @Flag(help: "One level for the whole picture instead of bits where they help (for comparison).")
  var uniform = false

  @Option(name: .shortAndLong, help: "1 (fast) to 9 (thorough).")
  var effort = 5

  @Option(help: "How coefficients become bits: trellis or block.")
  var quantizer: QuantizerChoice = .trellis

  @Flag(name: .shortAndLong, help: "Overwrite the output.")
  var force = false

  @Flag(name: .shortAndLong, help: "Say nothing but errors.")
  var quiet = false

  @OptionGroup(title: "Model") var model: ModelOptions

  func validate() throws {
    if [quality != nil, bpp != nil, size != nil].filter({ $0 }).count > 1 {
      throw ValidationError("--quality, --bpp and --size exclude each other")
    }
    if let quality, !(0...100).contains(quality) {
      throw ValidationError("--quality must be 0 to 100")
    }
    if let bpp, !(bpp > 0 && bpp <= 1000) { throw ValidationError("--bpp must be above 0") }
    if !(1...9).contains(effort) { throw ValidationError("--effort must be 1 to 9") }
  }

  private var target: RateTarget {
    if let bpp { return .bitsPerPixel(bpp) }
    if let size { return .bytes(size.count) }
    return .quality(quality ?? EncodingOptions.defaultQuality)
  }

  func run() throws {
    try refuseExisting(output, overwrite: force)
    let picture = try readPicture(input)
    let start = now()
    let encoder = GQEncoder(network: try model.network())
    let result = try reporting(input) {
      try encoder.encode(
        picture,
        options: EncodingOptions(
          target: target, uniform: uniform, effort: effort, quantizer: quantizer))
    }
    let seconds = now() - start
    try writeOutput(result.bytes, to: output, overwrite: force)
    if !quiet {
      let rate = Double(result.bytes.count * 8) / Double(picture.width * picture.height)
      writeToStandardError(
        "\(picture.width)x\(picture.height), \(result.bytes.count) bytes, \(fixed(rate, 4)) bpp, "
          + "\(fixed(seconds, 2)) s\n")
    }
  }
}

/// A number of bytes as people write it: 20000, 20k, 1.5M.
struct ByteCount: ExpressibleByArgument {
  let count: Int

  init?(argument: String) {
    var digits = argument
    var factor = 1.0
    switch argument.last {
    case "k", "K": factor = 1e3
    case "m", "M": factor = 1e6
    case "g", "G": factor = 1e9
    default: break
    }
    if factor > 1 { digits.removeLast() }
    guard let value = Double(digits), value * factor >= 1, value * factor <= 1e12 else {
      return nil
    }
    count = Int(value * factor)
  }
}

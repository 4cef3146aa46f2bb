import ArgumentParser
import Codec
import PixelIO

struct Decompress: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Decompress a .gqz file into a PNG picture.")

  @Argument(help: ArgumentHelp("A .gqz file, or - for standard input.", valueName: "in.gqz"))
  var input: String

  @Argument(
    help: ArgumentHelp("PNG file to write, or - for standard output.", valueName: "out.png"))
  var output: String

  @Option(help: ArgumentHelp("PNG compression, 0 (none) to 9 (slow).", valueName: "level"))
  var pngLevel = 3

  @Flag(name: .shortAndLong, help: "Overwrite the output.")
  var force = false

  @Flag(name: .shortAndLong, help: "Say nothing but errors.")
  var quiet = false

  @OptionGroup(title: "Model") var model: ModelOptions

  func validate() throws {
    if !(0...9).contains(pngLevel) { throw ValidationError("--png-level must be 0 to 9") }
  }

  func run() throws {
    try refuseExisting(output, overwrite: force)
    let bytes = try reporting(input) {
      try FileReader.read(input, maxBytes: maximumInputBytes)
    }
    let start = now()
    let picture = try reporting(input) {
      try GQDecoder(network: try model.network()).decode(bytes)
    }
    let seconds = now() - start
    let png = try reporting(output) { try PNGWriter(compressionLevel: pngLevel).write(picture) }
    try writeOutput(png, to: output, overwrite: force)
    if !quiet {
      writeToStandardError("\(picture.width)x\(picture.height), \(fixed(seconds, 2)) s\n")
    }
  }
}

import ArgumentParser
import GQPixelIO

/// PNG to JPEG as the report measures it, in a process of its own. Not for people, who have `cjpeg`.
struct JPEGEncode: ParsableCommand {
  static let configuration = CommandConfiguration(commandName: "jpeg-encode", shouldDisplay: false)

  @Argument var input: String
  @Argument var output: String
  @Option var quality = 75

  func validate() throws {
    if !(1...100).contains(quality) { throw ValidationError("--quality must be 1 to 100") }
  }

  func run() throws {
    let picture = try readPicture(input)
    let bytes = try reporting(input) { try JPEGWriter(quality: quality).write(picture) }
    try writeOutput(bytes, to: output, overwrite: true)
  }
}

/// JPEG to PNG, the inverse of `JPEGEncode`.
struct JPEGDecode: ParsableCommand {
  static let configuration = CommandConfiguration(commandName: "jpeg-decode", shouldDisplay: false)

  @Argument var input: String
  @Argument var output: String

  func run() throws {
    let picture = try readPicture(input)
    let bytes = try reporting(input) { try PNGWriter(compressionLevel: 3).write(picture) }
    try writeOutput(bytes, to: output, overwrite: true)
  }
}

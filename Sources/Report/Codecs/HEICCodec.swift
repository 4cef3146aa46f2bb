/// HEIC (H.265) by libheif's example programs.
struct HEICCodec: ProgramCodec {
  let encoder: String
  let decoder: String
  let identity: CodecIdentity
  let settings = 0...100
  let fileExtension = "heic"

  init(encoder: String, decoder: String) {
    self.encoder = encoder
    self.decoder = decoder
    identity = CodecIdentity(
      name: "heic", title: "HEIC",
      version: ProgramPath.version(encoder, arguments: ["--help"]), options: "x265, 4:2:0",
      timing: .process)
  }

  func describe(setting: Int) -> String { "-q \(setting)" }

  func encoderArguments(setting: Int, input: String, output: String) -> [String] {
    ["-q", "\(setting)", input, "-o", output]
  }

  func decoderArguments(input: String, output: String) -> [String] { [input, output] }
}

/// WebP by libwebp's programs.
struct WebPCodec: ProgramCodec {
  let encoder: String
  let decoder: String
  let identity: CodecIdentity
  let settings = 0...100
  let fileExtension = "webp"

  init(encoder: String, decoder: String) {
    self.encoder = encoder
    self.decoder = decoder
    identity = CodecIdentity(
      name: "webp", title: "WebP",
      version: ProgramPath.version(encoder, arguments: ["-version"]), options: "-m 6",
      timing: .process)
  }

  func describe(setting: Int) -> String { "-q \(setting)" }

  func encoderArguments(setting: Int, input: String, output: String) -> [String] {
    ["-quiet", "-m", "6", "-q", "\(setting)", input, "-o", output]
  }

  func decoderArguments(input: String, output: String) -> [String] {
    ["-quiet", input, "-o", output]
  }
}

/// AVIF by libavif's programs, with constant quality.
struct AVIFCodec: ProgramCodec {
  let encoder: String
  let decoder: String
  let identity: CodecIdentity
  /// 63 less AV1's quantizer.
  let settings = 0...63
  let fileExtension = "avif"

  init(encoder: String, decoder: String) {
    self.encoder = encoder
    self.decoder = decoder
    identity = CodecIdentity(
      name: "avif", title: "AVIF",
      version: ProgramPath.version(encoder, arguments: ["--version"]), options: "-s 6 -y 444",
      timing: .process)
  }

  func describe(setting: Int) -> String { "cq-level=\(63 - setting)" }

  func encoderArguments(setting: Int, input: String, output: String) -> [String] {
    // Understood by all versions; -q came with 1.0.
    [
      "-s", "6", "-y", "444", "-d", "8", "--min", "0", "--max", "63", "-a", "end-usage=q", "-a",
      describe(setting: setting), input, output,
    ]
  }

  func decoderArguments(input: String, output: String) -> [String] {
    ["-d", "8", input, output]
  }
}

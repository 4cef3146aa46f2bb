import Foundation

/// JPEG XL by libjxl's programs.
struct JPEGXLCodec: ProgramCodec {
  let encoder: String
  let decoder: String
  let identity: CodecIdentity
  /// Steps of 4.4 % in distance, from the largest that there is.
  let settings = 0...127
  let fileExtension = "jxl"

  init(encoder: String, decoder: String) {
    self.encoder = encoder
    self.decoder = decoder
    identity = CodecIdentity(
      name: "jxl", title: "JPEG XL",
      version: ProgramPath.version(encoder, arguments: ["--version"]), options: "-e 7",
      timing: .process)
  }

  /// Butteraugli distance, 25 to 0.1.
  private func distance(_ setting: Int) -> String {
    String(format: "%.3f", 25 * pow(0.1 / 25, Double(setting) / 127))
  }

  func describe(setting: Int) -> String { "-d \(distance(setting))" }

  func encoderArguments(setting: Int, input: String, output: String) -> [String] {
    ["-e", "7", "-d", distance(setting), input, output]
  }

  func decoderArguments(input: String, output: String) -> [String] { [input, output] }
}

import Foundation

/// JPEG XL by libjxl's programs.
struct JPEGXLCodec: ProgramCodec {
  let encoder: String
  let decoder: String
  let identity: CodecIdentity
  let settings = Self.distances
  let fileExtension = "jxl"

  init(encoder: String, decoder: String) {
    self.encoder = encoder
    self.decoder = decoder
    identity = CodecIdentity(
      name: "jxl", title: "JPEG XL",
      version: ProgramPath.version(encoder, arguments: ["--version"]), options: "-e 7",
      timing: .process)
  }

  /// Steps of 4.4 % in distance, from the largest that there is.
  static let distances = 0...127

  /// Butteraugli distance, 25 to 0.1.
  static func distance(_ setting: Int) -> Double { 25 * pow(0.1 / 25, Double(setting) / 127) }

  static func distanceText(_ setting: Int) -> String { String(format: "%.3f", distance(setting)) }

  func describe(setting: Int) -> String { "-d \(Self.distanceText(setting))" }

  func encoderArguments(setting: Int, input: String, output: String) -> [String] {
    ["-e", "7", "-d", Self.distanceText(setting), input, output]
  }

  func decoderArguments(input: String, output: String) -> [String] { [input, output] }
}

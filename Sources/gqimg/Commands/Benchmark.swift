import ArgumentParser
import GQBitstream
import GQCodec
import GQModel
import GQPixelIO

struct Benchmark: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Time the stages of encoding and decoding a picture, within one process.",
    discussion: """
      Each stage runs for the whole picture in memory, the best of some rounds. Multiply-adds per second are compared \
      with what the machine's matrix products reach at best, measured in the same run.
      """,
    shouldDisplay: false)

  @Argument(help: "A picture.", completion: .file(extensions: ["png", "jpg", "ppm"]))
  var input: String

  @Option(help: "Bits per pixel.")
  var bpp = 0.5

  @Option(name: .shortAndLong, help: "1 (fast) to 9 (thorough).")
  var effort = 3

  @Option(help: "Rounds, of which the best counts.")
  var rounds = 5

  @OptionGroup var model: ModelOptions

  func validate() throws {
    if rounds < 1 { throw ValidationError("--rounds must be at least 1") }
  }

  func run() throws {
    let network = try model.network()
    let bytes = try FileReader.read(input, maxBytes: maximumInputBytes)
    let picture = try PictureReader(keepsMetadata: false).read(bytes)
    let pixels = Double(picture.width * picture.height)
    let options = EncodingOptions(target: .bitsPerPixel(bpp), effort: effort)
    let (encoder, decoder) = (GQEncoder(network: network), GQDecoder(network: network))
    let file = try encoder.encode(picture, options: options).bytes
    let stages = try EncodingStages(
      network: network, picture: picture, file: try CodedPicture(parsing: file))
    let cost = try network.cost
    let peak = MatrixPeak.measure(network.pool)

    print(
      "\(picture.width) x \(picture.height), \(bpp) bits per pixel, --effort \(effort),",
      terminator: " ")
    print("\(network.pool.threadCount) threads")
    print("matrix products at best: \(tenths(peak / 1e9)) G multiply-adds/s")
    print("\n| stage | s | MP/s | G multiply-adds/s | share of the best |")
    print("|---|---|---|---|---|")
    func time<Result>(
      _ name: String, multiplyAdds: Double? = nil, _ body: () throws -> Result
    ) throws -> Result {
      var best = Double.infinity
      var last = try body()
      for _ in 0..<rounds {
        let clock = ContinuousClock()
        let start = clock.now
        last = try body()
        best = min(best, (clock.now - start) / .seconds(1))
      }
      var line = "| \(name) | \(thousandths(best)) | \(tenths(pixels / best / 1e6)) |"
      if let multiplyAdds {
        let rate = multiplyAdds * pixels / best
        line += " \(tenths(rate / 1e9)) | \(Int((100 * rate / peak).rounded())) % |"
      } else {
        line += " - | - |"
      }
      print(line)
      return last
    }
    _ = try time("read the picture") { try PictureReader(keepsMetadata: false).read(bytes) }
    let input = try time("pad") { stages.padded() }
    let features = try time("encoder up to levels") { try stages.features(input) }
    try time("predict distortions", multiplyAdds: cost.predictor) {
      try stages.expectedErrors(features)
    }
    _ = try time("encoder after levels") { try stages.latents(features) }
    _ = try time("encoder, both parts", multiplyAdds: cost.encoder) {
      try stages.latents(try stages.features(input))
    }
    let latents = try time("prior and transforms", multiplyAdds: cost.prior + cost.transform) {
      stages.prior()
    }
    try time("posteriors and search") { try stages.search() }
    _ = try time("encode in all", multiplyAdds: cost.encoding) {
      try encoder.encode(picture, options: options)
    }
    let restored = try time("decoder", multiplyAdds: cost.decoder) { try stages.pixels(latents) }
    try time("samples") { stages.samples(restored) }
    let decoded = try time("decode in all", multiplyAdds: cost.decoding) {
      try decoder.decode(file)
    }
    _ = try time("write PNG") { try PictureWriter(format: .png).write(decoded) }
  }

  private func tenths(_ value: Double) -> String { "\((value * 10).rounded() / 10)" }

  private func thousandths(_ value: Double) -> String { "\((value * 1000).rounded() / 1000)" }
}

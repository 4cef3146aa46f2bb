import ArgumentParser
import Codec
import Foundation
import Metrics
import PixelIO

struct Report: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Measure rate, distortion and time over a folder of pictures.",
    discussion: """
      Every picture is compressed and decompressed at every rate, and compressed as JPEG (4:2:0, optimised, \
      progressive) of at most the same size. Out come results.csv and results.json.
      """)

  @Argument(help: ArgumentHelp("Folder of PNG and JPEG pictures.", valueName: "dir"))
  var folder: String

  @Option(name: .shortAndLong, help: ArgumentHelp("Folder to write into.", valueName: "out"))
  var output: String

  @Option(help: ArgumentHelp("Bits per pixel, separated by commas.", valueName: "list"))
  var rates = "0.125,0.25,0.5,0.75,1.0"

  @Option(name: .shortAndLong, help: "1 (fast) to 9 (thorough).")
  var effort = 5

  @Option(help: "How coefficients become bits: trellis or block.")
  var quantizer = QuantizerChoice.trellis

  @Flag(help: "Also with one level for the whole picture.")
  var uniform = false

  @Flag(help: "Also with samples of the posterior in the place of codewords.")
  var posteriorSamples = false

  @Flag(name: .shortAndLong, help: "Overwrite earlier results.")
  var force = false

  @OptionGroup(title: "Model") var model: ModelOptions

  private var rateList: [Double] {
    rates.split(separator: ",").compactMap { Double($0) }.filter { $0 > 0 && $0 <= 100 }
  }

  func validate() throws {
    if rateList.count != rates.split(separator: ",").count || rateList.isEmpty {
      throw ValidationError("--rates must be numbers above 0, separated by commas")
    }
    if !(1...9).contains(effort) { throw ValidationError("--effort must be 1 to 9") }
  }

  func run() throws {
    let csv = output + "/results.csv"
    let json = output + "/results.json"
    for path in [csv, json] { try refuseExisting(path, overwrite: force) }
    let files = try pictureFiles()
    let network = try model.network()
    let runner = try reporting("model") {
      ReportRunner(
        encoder: GQEncoder(network: network), decoder: GQDecoder(network: network),
        effort: effort, quantizer: quantizer, uniform: uniform,
        posteriorSamples: posteriorSamples)
    }
    var rows: [ReportRow] = []
    for (number, path) in files.enumerated() {
      let picture = try readPicture(path)
      let name = URL(fileURLWithPath: path).lastPathComponent
      for rate in rateList {
        writeToStandardError("\(number + 1)/\(files.count) \(name) \(rate) bpp\n")
        rows += try reporting(path) { try runner.measure(picture, name: name, rate: rate) }
      }
    }
    try reporting(output) {
      try FileManager.default.createDirectory(atPath: output, withIntermediateDirectories: true)
    }
    let summary = ReportSummary(rows: rows)
    try writeOutput(Array(ReportRow.csv(rows).utf8), to: csv, overwrite: force)
    try writeOutput(Array(try jsonText(summary).utf8), to: json, overwrite: force)
    print(summary.text)
  }

  private func pictureFiles() throws -> [String] {
    guard let names = try? FileManager.default.contentsOfDirectory(atPath: folder) else {
      throw Problem(message: "\(folder): cannot list the folder")
    }
    let files = names.filter { name in
      ["png", "jpg", "jpeg"].contains((name as NSString).pathExtension.lowercased())
    }.sorted().map { folder + "/" + $0 }
    guard !files.isEmpty else { throw Problem(message: "\(folder): no PNG or JPEG pictures") }
    return files
  }
}

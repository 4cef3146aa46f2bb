public import ArgumentParser
public import Codec
public import Model
import PixelIO

extension EngineChoice: ExpressibleByArgument {}
extension QuantizerChoice: ExpressibleByArgument {}

/// Which model runs, and on what.
struct ModelOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Weights file to use instead of the one that comes with gqimg.", valueName: "file"))
  var model: String?

  @Option(help: "What runs the network: automatic, bfloat16, float32 or reference.")
  var engine: EngineChoice = .automatic

  @Option(help: ArgumentHelp("Threads to use (default: one per core).", valueName: "n"))
  var threads: Int?

  func validate() throws {
    if let threads, !(1...1024).contains(threads) {
      throw ValidationError("--threads must be 1 to 1024")
    }
  }

  /// The same choices as arguments of another run.
  var arguments: [String] {
    (model.map { ["--model", $0] } ?? []) + ["--engine", engine.rawValue]
      + (threads.map { ["--threads", "\($0)"] } ?? [])
  }

  /// Loads the model.
  func network() throws -> Network {
    try reporting(model ?? "model") {
      try Network(
        parsing: try ModelFile.read(model), engine: engine, pool: WorkerPool(threadCount: threads))
    }
  }
}

/// The largest file that is read whole, in bytes.
let maximumInputBytes = 1 << 31

/// Reads a picture file.
func readPicture(_ path: String) throws -> Picture {
  try reporting(path) {
    try PictureReader().read(try FileReader.read(path, maxBytes: maximumInputBytes))
  }
}

/// Writes a file whole or not at all; `-` is standard output.
func writeOutput(_ bytes: [UInt8], to path: String, overwrite: Bool) throws {
  try reporting(path) {
    if path == "-" {
      try StandardOutput.write(bytes)
    } else {
      try AtomicFile.write(bytes, to: path, overwrite: overwrite)
    }
  }
}

/// Refuses an output that is there already, before any work is done for it.
func refuseExisting(_ path: String, overwrite: Bool) throws {
  if path != "-", !overwrite, AtomicFile.exists(path) {
    throw Problem(message: "\(path) exists; --force overwrites it")
  }
}

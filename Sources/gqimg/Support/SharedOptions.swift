import ArgumentParser
import GQBitstream
package import GQCodec
package import GQModel
import GQPixelIO

extension Tuning: ExpressibleByArgument {}

extension GraphicsChoice: ExpressibleByArgument {
  /// The choice of a name.
  package init?(argument: String) {
    guard let choice = Self.allCases.first(where: { "\($0)" == argument }) else { return nil }
    self = choice
  }

  /// Its name.
  package var defaultValueDescription: String { "\(self)" }

  /// All names.
  package static var allValueStrings: [String] { allCases.map { "\($0)" } }
}

/// Which model runs, and on what.
struct ModelOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Weights file to use instead of the one that comes with gqimg.", valueName: "file"),
    completion: .file(extensions: ["safetensors"]))
  var model: String?

  @Option(
    help: ArgumentHelp(
      "Threads for each file (default: the cores, divided among jobs).", valueName: "n"))
  var threads: Int?

  func validate() throws {
    if let threads, !(1...1024).contains(threads) {
      throw ValidationError("--threads must be 1 to 1024, not \(threads)")
    }
  }

  /// The same choices as arguments of another run.
  var arguments: [String] {
    (model.map { ["--model", $0] } ?? []) + (threads.map { ["--threads", "\($0)"] } ?? [])
  }

  /// Loads the model that encodes with a tuning, for so many files at a time.
  func network(_ tuning: Tuning = .visual, jobs: Int = 1) throws -> Network {
    try network(jobs) { pool in
      try Network(
        parsing: try ModelFile.read(model), tuning: tuning, identifier: nil, pool: pool,
        for: .encoding)
    }
  }

  /// Loads the model for decoding, which will say so when it is not the one that the file was made with.
  func network(decoding header: Header, jobs: Int = 1) throws -> Network {
    try network(jobs) { pool in
      try Network(
        parsing: try ModelFile.read(model), tuningIndex: header.tuning, identifier: nil, pool: pool,
        for: .decoding)
    }
  }

  /// The threads of each of so many files at a time: together they have the cores.
  func pool(jobs: Int) -> WorkerPool {
    WorkerPool(threadCount: threads ?? max(1, WorkerPool.coreCount / jobs))
  }

  private func network(_ jobs: Int, _ load: (WorkerPool) throws -> Network) throws -> Network {
    do {
      return try load(pool(jobs: jobs))
    } catch {
      throw Problem(model ?? "model", error, concernsAll: true)
    }
  }
}

/// The largest file that is read whole, in bytes.
let maximumInputBytes = 1 << 31

/// Reads a .gqz file, less the end of a line that a tool for texts put behind it.
func readCodedFile(_ path: String) throws -> [UInt8] {
  let bytes = try FileReader.read(path, maxBytes: maximumInputBytes)
  guard bytes.last == 10, (try? FileStructure(parsing: bytes)) == nil else { return bytes }
  let rest = Array(bytes.dropLast(bytes.suffix(2) == [13, 10] ? 2 : 1))
  guard (try? FileStructure(parsing: rest)) != nil else { return bytes }
  writeToStandardError(
    "gqimg: warning: \(named(path)): a line's end behind the file is passed over\n")
  return rest
}

/// Reads the colours of a picture file for measurements, in which alpha has no place.
func readPicture(_ path: String) throws -> Picture {
  try reporting(path) {
    let picture = try PictureReader(keepsMetadata: false).read(
      try FileReader.read(path, maxBytes: maximumInputBytes))
    if picture.alpha != nil { throw Problem(message: "\(path): the picture has alpha") }
    return picture
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

/// Refuses an output that is one of the inputs, by whatever name.
func refuseInputs(_ output: String, _ inputs: Set<FileIdentity>) throws {
  if output != "-", let file = FileIdentity(output), inputs.contains(file) {
    throw Problem(message: "\(output) is an input, which is never overwritten")
  }
}

/// Refuses an output that is there already, before any work is done for it.
func refuseExisting(_ path: String, overwrite: Bool) throws {
  if path != "-", !overwrite, AtomicFile.exists(path) {
    throw Problem(message: "\(path) exists; --force overwrites it")
  }
}

import ArgumentParser
import GQBitstream
import GQCodec
import Foundation
import GQModel
import GQPixelIO

struct Tokens: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Turn .gqz files into arrays of tokens and back.",
    discussion: """
      For those who train models of discrete codes. A token is what the file packs: the bits of a coefficient's step \
      through the trellis. An array has one token for each row, column and coefficient, -1 where \
      none is sent, and comes with a description that makes the way back exact to the byte.
      """,
    subcommands: [TokensExport.self, TokensImport.self])
}

/// The files of arrays by their endings.
private enum ArrayFormat: String {
  case npy
  case safetensors

  init(path: String) throws {
    guard let format = Self(rawValue: (path as NSString).pathExtension.lowercased()) else {
      throw ValidationError("the ending of \(path) names no format: npy or safetensors")
    }
    self = format
  }

  /// Where the description of an array is.
  static func description(of path: String) -> String {
    (path as NSString).deletingPathExtension + ".json"
  }

  /// Where the states of an array are.
  static func states(of path: String) -> String {
    (path as NSString).deletingPathExtension + ".states.npy"
  }
}

struct TokensExport: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "export", abstract: "Write the tokens of a .gqz file as .npy or .safetensors.",
    discussion: "A .npy file gets a .json file beside it, which describes it.")

  @Argument(
    help: ArgumentHelp("A .gqz file, or - for standard input.", valueName: "in.gqz"),
    completion: .file(extensions: ["gqz"]))
  var input: String

  @Argument(
    help: ArgumentHelp("The .npy or .safetensors file to write.", valueName: "out"),
    completion: .file(extensions: ["npy", "safetensors"]))
  var output: String

  @Flag(help: "Write the trellis states too: tensor states, or a file that ends in .states.npy.")
  var states = false

  @Flag(name: .shortAndLong, help: "Overwrite files.")
  var force = false

  @Option(
    help: ArgumentHelp(
      "Weights file to take the levels from instead of one that comes with gqimg.",
      valueName: "file"), completion: .file(extensions: ["safetensors"]))
  var model: String?

  func validate() throws { _ = try ArrayFormat(path: output) }

  func run() throws {
    let format = try ArrayFormat(path: output)
    var outputs = [output]
    if format == .npy {
      outputs.append(ArrayFormat.description(of: output))
      if states { outputs.append(ArrayFormat.states(of: output)) }
    }
    let inputs = Set([input, model].compactMap { $0.flatMap { FileIdentity($0) } })
    for path in outputs {
      try refuseInputs(path, inputs)
      try refuseExisting(path, overwrite: force)
    }
    let tokens = try reporting(input) {
      let coded = try CodedPicture(
        parsing: try FileReader.read(input, maxBytes: maximumInputBytes))
      return try PictureTokens(coded, table: try levelTable(coded.header))
    }
    switch format {
    case .safetensors:
      try writeOutput(
        tokens.safetensors(withStates: states), to: output, overwrite: force)
    case .npy:
      let file = try tokens.numPy()
      try writeOutput(
        file.description, to: ArrayFormat.description(of: output), overwrite: force)
      if states {
        try writeOutput(
          tokens.numPyStates(), to: ArrayFormat.states(of: output), overwrite: force)
      }
      try writeOutput(file.array, to: output, overwrite: force)
    }
  }

  /// The levels of the model that a file was made with; the network itself is not needed.
  private func levelTable(_ header: Header) throws -> LevelTable {
    guard header.needsModel else { return .withoutCodes }
    let weights = try ModelFile.read(model)
    let identifier = ModelFile.identifier(of: weights)
    guard identifier == header.modelIdentifier else {
      throw CodecError.wrongModel(expected: identifier, found: header.modelIdentifier)
    }
    return LevelTable(try ModelConfiguration(from: try Safetensors(parsing: weights)))
  }
}

struct TokensImport: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "import", abstract: "Make a .gqz file from the tokens of another or of a model.",
    discussion: "Of a .npy file, the .json file beside it is read too.")

  @Argument(
    help: ArgumentHelp("A .npy or .safetensors file as export writes it.", valueName: "in"),
    completion: .file(extensions: ["npy", "safetensors"]))
  var input: String

  @Argument(
    help: ArgumentHelp(
      "The .gqz file to write, or - for standard output.", valueName: "out.gqz"),
    completion: .file(extensions: ["gqz"]))
  var output: String

  @Flag(name: .shortAndLong, help: "Overwrite files.")
  var force = false

  func validate() throws { _ = try ArrayFormat(path: input) }

  func run() throws {
    let path = ArrayFormat.description(of: input)
    let format = try ArrayFormat(path: input)
    let inputs = format == .npy ? [input, path] : [input]
    try refuseInputs(output, Set(inputs.compactMap { FileIdentity($0) }))
    try refuseExisting(output, overwrite: force)
    let bytes = try reporting(input) {
      let array = try FileReader.read(input, maxBytes: maximumInputBytes)
      switch format {
      case .safetensors: return try PictureTokens(safetensors: array).serializedPicture()
      case .npy:
        let description = try FileReader.read(path, maxBytes: maximumInputBytes)
        return try PictureTokens(numPy: array, description: description).serializedPicture()
      }
    }
    try writeOutput(bytes, to: output, overwrite: force)
  }
}

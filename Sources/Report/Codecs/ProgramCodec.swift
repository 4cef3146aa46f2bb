import GQCodec
import GQPixelIO

/// A codec of two programs, one that reads PNG and one that writes it.
protocol ProgramCodec: QualityCodec {
  /// The path of the program that makes files.
  var encoder: String { get }
  /// The path of the program that reads them.
  var decoder: String { get }
  /// How its files end, without the point.
  var fileExtension: String { get }

  /// The setting as a person would write it.
  func describe(setting: Int) -> String
  /// Arguments that make a file.
  func encoderArguments(setting: Int, input: String, output: String) -> [String]
  /// Arguments that read one.
  func decoderArguments(input: String, output: String) -> [String]
}

extension ProgramCodec {
  /// Makes a small file and reads it: some programs find out only then that a part of theirs is missing.
  func check() throws {
    let samples = (0..<(32 * 32 * 3)).map { UInt8($0 / 12) }
    let source = try SourcePicture(
      name: "check", picture: Picture(width: 32, height: 32, colorType: .rgb, samples: samples))
    _ = try decode(
      try encode(source, setting: (settings.lowerBound + settings.upperBound) / 2).bytes,
      of: source)
  }

  func encode(_ source: SourcePicture, setting: Int) throws -> EncodedFile {
    let output = source.scratchFile("encoded.\(fileExtension)")
    _ = try runEncoder(source, setting: setting, output: output)
    return EncodedFile(
      bytes: try FileReader.read(output, maxBytes: maximumFileBytes),
      setting: EncodedFile.Setting(number: setting, text: describe(setting: setting)))
  }

  func decode(_ file: [UInt8], of source: SourcePicture) throws -> Picture {
    let output = source.scratchFile("decoded.png")
    _ = try runDecoder(file, source, output: output)
    return try PictureReader().read(try FileReader.read(output, maxBytes: maximumFileBytes))
  }

  func timeEncode(_ source: SourcePicture, setting: Int) throws -> RunCost? {
    try runEncoder(
      source, setting: setting, output: source.scratchFile("encoded.\(fileExtension)")
    ).cost
  }

  func timeDecode(_ file: [UInt8], of source: SourcePicture) throws -> RunCost? {
    try runDecoder(file, source, output: source.scratchFile("decoded.png")).cost
  }

  private func runEncoder(
    _ source: SourcePicture, setting: Int, output: String
  ) throws -> ChildProcess.Result {
    try ChildProcess(
      program: encoder,
      arguments: encoderArguments(setting: setting, input: try source.path(), output: output)
    ).run()
  }

  private func runDecoder(
    _ file: [UInt8], _ source: SourcePicture, output: String
  ) throws -> ChildProcess.Result {
    let input = source.scratchFile("coded.\(fileExtension)")
    try AtomicFile.write(file, to: input, overwrite: true)
    return try ChildProcess(
      program: decoder, arguments: decoderArguments(input: input, output: output)
    ).run()
  }
}

extension ChildProcess.Result {
  /// As the cost of a codec whose times are those of whole processes.
  var cost: RunCost { RunCost(process: time, peakMemoryBytes: peakMemoryBytes) }
}

/// The largest file of a codec that is read, in bytes.
let maximumFileBytes = 1 << 31

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
    let result = try ChildProcess(
      program: encoder,
      arguments: encoderArguments(setting: setting, input: try source.path(), output: output)
    ).run()
    return EncodedFile(
      bytes: try FileReader.read(output, maxBytes: maximumFileBytes),
      setting: describe(setting: setting), cost: result.cost)
  }

  func decode(_ file: [UInt8], of source: SourcePicture) throws -> DecodedFile {
    let input = source.scratchFile("coded.\(fileExtension)")
    let output = source.scratchFile("decoded.png")
    try AtomicFile.write(file, to: input, overwrite: true)
    let result = try ChildProcess(
      program: decoder, arguments: decoderArguments(input: input, output: output)
    ).run()
    let picture = try PictureReader().read(
      try FileReader.read(output, maxBytes: maximumFileBytes))
    return DecodedFile(picture: picture, cost: result.cost)
  }
}

extension ChildProcess.Result {
  /// As the cost of a codec whose times are those of whole processes.
  var cost: Cost {
    Cost(seconds: seconds, processSeconds: seconds, peakMemoryBytes: peakMemoryBytes)
  }
}

/// The largest file of a codec that is read, in bytes.
let maximumFileBytes = 1 << 31

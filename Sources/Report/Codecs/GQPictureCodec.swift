package import GQCodec
package import GQModel
import GQPixelIO

/// This project's codec.
package struct GQPictureCodec: PictureCodec {
  /// With the effort, the quantizer and the model among the options and the version.
  package let identity: CodecIdentity
  private let encoder: GQEncoder
  private let decoder: GQDecoder
  private let options: EncodingOptions
  private let program: OwnProgram
  private let modelArguments: [String]
  private let tuning: Tuning

  /// Makes the codec.
  ///
  /// - Parameters:
  ///   - encoder: makes the files.
  ///   - decoder: reads them.
  ///   - options: effort, quantizer and whether one level serves everywhere; the target does not count.
  ///   - version: of the program, its build and its model.
  ///   - program: runs the same in a process of its own.
  ///   - modelArguments: what this process was told about the model, engine and threads, as arguments.
  ///   - tuning: what the model is tuned for.
  ///   - isMain: whether it bears the codec's plain name; other tunings bear theirs beside it.
  package init(
    encoder: GQEncoder, decoder: GQDecoder, options: EncodingOptions, version: String,
    program: OwnProgram, modelArguments: [String], tuning: Tuning = .visual, isMain: Bool = true
  ) {
    self.tuning = tuning
    self.encoder = encoder
    self.decoder = decoder
    self.options = options
    self.program = program
    self.modelArguments = modelArguments
    let words =
      ["--effort \(options.effort)"]
      + (options.uniform ? ["--uniform"] : []) + ["--tune", tuning.rawValue] + modelArguments
    let suffix = isMain ? "" : " \(tuning.rawValue)"
    identity = CodecIdentity(
      name: options.uniform ? "gqimg-uniform" : isMain ? "gqimg" : "gqimg-\(tuning.rawValue)",
      title: options.uniform ? "gqimg (one level)" : "gqimg\(suffix)", version: version,
      options: words.joined(separator: " "), timing: .library)
  }

  /// The real file of this size; nil when the picture needs more.
  package func encode(_ source: SourcePicture, atMost byteCount: Int) throws -> EncodedFile? {
    guard byteCount > 0 else { return nil }
    var options = options
    options.target = .bytes(byteCount)
    do {
      return EncodedFile(
        bytes: try encoder.encode(source.picture, options: options).bytes, setting: nil)
    } catch CodecError.targetTooSmall {
      return nil
    } catch CodecError.noRoomForAttachments {
      return nil
    }
  }

  /// In this process, and in one of its own.
  package func timeEncode(
    _ source: SourcePicture, atMost byteCount: Int, setting: Int?
  ) throws -> RunCost? {
    var options = options
    options.target = .bytes(byteCount)
    let path = try source.path()
    let (_, time) = try timed { try encoder.encode(source.picture, options: options).bytes.count }
    var cost = RunCost(library: time)
    cost.add(
      try program.run(
        [
          "compress", "--quiet", "--force", "--size", "\(byteCount)", "--effort",
          "\(options.effort)", "--tune", tuning.rawValue,
        ] + (options.uniform ? ["--uniform"] : []) + modelArguments + [
          path, source.scratchFile("encoded.gqz"),
        ]))
    return cost
  }

  /// What the decoder shows.
  package func decode(_ file: [UInt8], of source: SourcePicture) throws -> Picture {
    try decoder.decode(file)
  }

  /// In this process, and in one of its own.
  package func timeDecode(_ file: [UInt8], of source: SourcePicture) throws -> RunCost? {
    let (_, time) = try timed { try decoder.decode(file).width }
    let input = source.scratchFile("coded.gqz")
    try AtomicFile.write(file, to: input, overwrite: true)
    var cost = RunCost(library: time)
    cost.add(
      try program.run(
        ["decompress", "--quiet", "--force"] + modelArguments + [
          input, source.scratchFile("decoded.png"),
        ]))
    return cost
  }
}

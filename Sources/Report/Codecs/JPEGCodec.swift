import GQCodec
import Foundation
import GQPixelIO

/// JPEG by the linked libjpeg: 4:2:0, optimised, progressive.
struct JPEGCodec: QualityCodec {
  let identity: CodecIdentity
  let settings = 1...100
  /// Runs the same in a process of its own, which tells its memory; nil when that is not wanted.
  let program: OwnProgram?

  init(program: OwnProgram?) {
    self.program = program
    identity = CodecIdentity(
      name: "jpeg", title: "JPEG", version: JPEGWriter.libraryVersion,
      options: "-optimize -progressive -sample 2x2", timing: .library)
  }

  func encode(_ source: SourcePicture, setting: Int) throws -> EncodedFile {
    EncodedFile(
      bytes: try JPEGWriter(quality: setting).write(source.picture),
      setting: EncodedFile.Setting(number: setting, text: "-quality \(setting)"))
  }

  /// nil for pictures with alpha, which JPEG does not have.
  func encode(_ source: SourcePicture, atMost byteCount: Int) throws -> EncodedFile? {
    source.picture.alpha == nil ? try search(source, atMost: byteCount) : nil
  }

  func decode(_ file: [UInt8], of source: SourcePicture) throws -> Picture {
    try PictureReader().read(file)
  }

  func timeEncode(_ source: SourcePicture, setting: Int) throws -> RunCost? {
    let (_, time) = try timed { try JPEGWriter(quality: setting).write(source.picture).count }
    var cost = RunCost(library: time)
    if let program {
      cost.add(
        try program.run([
          "jpeg-encode", "--quality", "\(setting)", try source.path(),
          source.scratchFile("encoded.jpg"),
        ]))
    }
    return cost
  }

  func timeDecode(_ file: [UInt8], of source: SourcePicture) throws -> RunCost? {
    let (_, time) = try timed { try PictureReader().read(file).width }
    var cost = RunCost(library: time)
    if let program {
      let input = source.scratchFile("coded.jpg")
      try AtomicFile.write(file, to: input, overwrite: true)
      cost.add(try program.run(["jpeg-decode", input, source.scratchFile("decoded.png")]))
    }
    return cost
  }
}

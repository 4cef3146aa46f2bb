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
    let (bytes, seconds) = try timed { try JPEGWriter(quality: setting).write(source.picture) }
    return EncodedFile(bytes: bytes, setting: "-quality \(setting)", cost: Cost(seconds: seconds))
  }

  func encode(_ source: SourcePicture, atMost byteCount: Int) throws -> EncodedFile? {
    let found = try source.search(for: identity).largest(atMost: byteCount, settings: settings) {
      try encode(source, setting: $0)
    }
    guard let program, let found else { return found?.file }
    var file = found.file
    file.cost.add(
      try program.run([
        "jpeg-encode", "--quality", "\(found.setting)", try source.path(),
        source.scratchFile("encoded.jpg"),
      ]))
    return file
  }

  func decode(_ file: [UInt8], of source: SourcePicture) throws -> DecodedFile {
    let (picture, seconds) = try timed { try PictureReader().read(file) }
    var cost = Cost(seconds: seconds)
    if let program {
      let input = source.scratchFile("coded.jpg")
      try AtomicFile.write(file, to: input, overwrite: true)
      cost.add(try program.run(["jpeg-decode", input, source.scratchFile("decoded.png")]))
    }
    return DecodedFile(picture: picture, cost: cost)
  }
}

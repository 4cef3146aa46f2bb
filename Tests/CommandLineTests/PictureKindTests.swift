import GQBitstream
import GQCodec
import Foundation
import GQPixelIO
import Testing

/// Alpha, metadata, formats and sizes through the program.
final class PictureKindTests {
  let program: Program

  init() throws { program = try Program() }
  deinit { program.remove() }

  private func picture(_ name: String) throws -> Picture {
    try PictureReader().read(try program.read(name))
  }

  private func testdata(_ name: String) throws -> [UInt8] {
    [UInt8](try Data(contentsOf: URL(fileURLWithPath: Program.testdata(name))))
  }

  @Test(arguments: ["rgba.png", "grey-with-alpha.png", "palette-transparent.png", "rgba-16.png"])
  func alphaGoesThrough(name: String) throws {
    let source = Program.testdata("read/\(name)")
    let result = try program.run(["compress", source, "a.gqz"])
    #expect(result.exitCode == 0)
    #expect(result.errors.contains("warning") == name.contains("16"))
    #expect(try program.run(["decompress", "a.gqz", "a.png"]).exitCode == 0)
    let original = try PictureReader().read(try testdata("read/\(name)"))
    let restored = try picture("a.png")
    #expect(restored.alpha == original.alpha && restored.colorType == original.colorType)
    let refused = try program.run(["decompress", "a.gqz", "a.jpg"])
    #expect(refused.exitCode == 1 && refused.errors.contains("--background"))
    #expect(
      try program.run(["decompress", "a.gqz", "a.jpg", "--background", "white"]).exitCode == 0)
    #expect(try picture("a.jpg").alpha == nil)
  }

  @Test(arguments: ["metadata.png", "metadata.jpg"])
  func metadataGoesThrough(name: String) throws {
    let source = Program.testdata("read/\(name)")
    let original = try PictureReader().read(try testdata("read/\(name)"))
    #expect(try program.run(["compress", source, "a.gqz"]).errors.contains("warning") == false)
    for output in ["a.png", "a.jpg"] {
      let result = try program.run(["decompress", "a.gqz", output])
      #expect(result.exitCode == 0 && !result.errors.contains("warning"))
      #expect(try picture(output).metadata == original.metadata)
      #expect(
        try program.run(["decompress", "a.gqz", output, "--strip", "all", "--force"]).exitCode == 0)
      #expect(try picture(output).metadata.isEmpty)
    }
    let plain = try program.run(["decompress", "a.gqz", "a.ppm"])
    #expect(plain.errors.contains("ICC profile is left out"))
    #expect(try program.run(["compress", source, "b.gqz", "--strip", "all"]).exitCode == 0)
    #expect(try program.run(["decompress", "b.gqz", "b.png"]).exitCode == 0)
    #expect(try picture("b.png").metadata.isEmpty)
    #expect(try program.read("b.gqz").count < program.read("a.gqz").count - 500)

    let refused = try program.run(["compress", source, "c.gqz", "--size", "500"])
    #expect(refused.exitCode == 1 && refused.errors.contains("--strip all leaves out the metadata"))
    #expect(
      try program.run(["compress", source, "c.gqz", "--size", "500", "--strip", "all"]).exitCode
        == 0)
    #expect(try program.read("c.gqz").count <= 500)
  }

  @Test(arguments: ["a.pbm", "a.PAM"])
  func formatsThatAreOnlyReadAreNotWritten(name: String) throws {
    let result = try program.run(["decompress", "a.gqz", name])
    #expect(result.exitCode == 64 && result.errors.contains("read, not written"))
    #expect(result.errors.contains("Usage: gqimg decompress"))
    #expect(result.errors.contains("See 'gqimg decompress --help'"))
  }

  @Test(arguments: [
    (["compress", "--efort", "3", "a.png", "a.gqz"], "--effort"),
    (["compress", "a.png", "a.gqz", "--lossles"], "--lossless"),
    (["decompress", "--fitt", "3", "a.gqz", "a.png"], "--fit"),
  ])
  func optionsThatAreMistypedAreNamed(arguments: [String], meant: String) throws {
    let result = try program.run(arguments)
    #expect(result.exitCode == 64)
    #expect(result.errors.contains("Did you mean '\(meant)'?"), "\(result.errors)")
  }

  @Test func bytesBehindAFileAreCalledThat() throws {
    let source = Program.testdata("read/rgb.png")
    #expect(try program.run(["compress", source, "a.gqz"]).exitCode == 0)
    let bytes = try program.read("a.gqz")
    for junk in [Array("abc".utf8), [0, 1, 2], bytes] {
      try program.write("b.gqz", bytes + junk)
      let result = try program.run(["decompress", "b.gqz", "b.png"])
      #expect(result.exitCode == 1)
      #expect(result.errors.contains("ends at byte \(bytes.count)"), "\(result.errors)")
      #expect(result.errors.contains("the \(junk.count) bytes behind it"), "\(result.errors)")
    }
  }

  @Test func formatsFollowEndingAndOption() throws {
    let source = Program.testdata("chelsea.png")
    #expect(try program.run(["compress", source, "a.gqz", "-e", "1"]).exitCode == 0)
    #expect(try program.run(["decompress", "a.gqz", "a.ppm"]).exitCode == 0)
    #expect(try program.run(["decompress", "a.gqz", "a.PNG"]).exitCode == 0)
    #expect(try program.run(["decompress", "a.gqz", "odd", "--format", "jpg"]).exitCode == 0)
    #expect(PictureFormat(signatureOf: try program.read("a.ppm")) == .netpbm)
    #expect(PictureFormat(signatureOf: try program.read("odd")) == .jpeg)
    #expect(try picture("a.ppm").samples == (try picture("a.PNG").samples))
    #expect(try program.run(["decompress", "a.gqz", "a.webp"]).exitCode == 0)
    #expect(try picture("a.webp").samples == (try picture("a.PNG").samples))
    let lossy = ["decompress", "a.gqz", "b.webp", "--webp-quality", "50"]
    #expect(try program.run(lossy).exitCode == 0)
    #expect(try program.read("b.webp").count < (try program.read("a.webp").count) / 4)
    let piped = try program.run(["decompress", "a.gqz", "-", "--format", "ppm", "--quiet"])
    #expect(piped.output == (try program.read("a.ppm")))
    // PPM is read as well as PNG: the same pixels, the same bytes.
    let original = try PictureReader().read(try testdata("chelsea.png"))
    let fromPPM = try program.run(
      ["compress", "-", "-", "-e", "1"], input: try NetpbmWriter().write(original))
    #expect(fromPPM.output == (try program.read("a.gqz")))
    let fromWebP = try program.run(
      ["compress", "-", "-", "-e", "1"], input: try WebPWriter().write(original))
    #expect(fromWebP.output == (try program.read("a.gqz")))
    #expect(
      try program.run(["decompress", "a.gqz", "small", "--fit", "128", "--format", "png"]).exitCode
        == 0)
    let small = try picture("small")
    #expect(small.width == 128 && small.height == 85)
  }

  @Test func foldersAndBadFiles() throws {
    let folder = program.folder.appendingPathComponent("in/deep")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    try program.write("in/a.png", try testdata("read/rgb.png"))
    try program.write("in/a.jpg", try testdata("read/grey.jpg"))
    try program.write("in/bad.png", [1, 2, 3])
    try program.write("in/note.txt", [65])
    try program.write("in/deep/b.JPG", try testdata("read/baseline-420.jpg"))
    try program.write(
      "c.ppm", try NetpbmWriter().write(PictureReader().read(testdata("read/rgb.png"))))
    let result = try program.run([
      "compress", "in", "c.ppm", "--output", "out", "-e", "1", "--json",
    ])
    #expect(result.exitCode == 1)
    struct Line: Decodable {
      let input: String
      let output: String
      let error: String?
      let bytes: Int?
    }
    let lines = try String(decoding: result.output, as: UTF8.self).split(separator: "\n").map {
      try JSONDecoder().decode(Line.self, from: Data($0.utf8))
    }
    #expect(lines.map(\.input) == ["in/a.jpg", "in/a.png", "in/bad.png", "in/deep/b.JPG", "c.ppm"])
    #expect(lines.map { $0.error == nil } == [true, false, false, true, true])
    #expect(lines[1].error?.contains("in/a.jpg") == true)
    // Two that failed, and a line for what is no picture.
    #expect(result.errors.split(separator: "\n").count == 3)
    for line in lines {
      if let bytes = line.bytes { #expect(try program.read(line.output).count == bytes) }
    }
    #expect(try Set(program.names()) == ["in", "out", "c.ppm"])

    try FileManager.default.createDirectory(
      at: program.folder.appendingPathComponent("empty"), withIntermediateDirectories: false)
    let empty = try program.run(["compress", "empty", "c.ppm", "--output", "other", "-e", "1"])
    #expect(empty.exitCode == 1 && empty.errors.contains("empty: no files that end in png"))
    #expect(try program.read("other/c.gqz") == (try program.read("out/c.gqz")))
    try FileManager.default.removeItem(at: program.folder.appendingPathComponent("other"))

    // Files that are there stay, the others are made.
    try FileManager.default.removeItem(at: program.folder.appendingPathComponent("out/c.gqz"))
    let again = try program.run(["compress", "in/deep", "c.ppm", "--output", "out", "-e", "1"])
    #expect(again.exitCode == 0)
    #expect(try program.run(["compress", "c.ppm", "--output", "out"]).exitCode == 1)
    #expect(try program.run(["compress", "c.ppm", "--output", "out", "--force"]).exitCode == 0)
    let back = try program.run(
      ["decompress", "out", "--output", "back", "--format", "jpeg", "--verbose"])
    #expect(back.exitCode == 0)
    #expect(back.errors.contains("model "))
    for name in ["a.jpg", "c.jpg", "b.jpg", "deep/b.jpg"] {
      #expect(try picture("back/\(name)").width == 37)
    }
    #expect(
      try program.run(["compress", "in/deep", "back", "--output", "x", "--quiet"]).errors.contains(
        "b.JPG becomes"))
    #expect(try program.run(["compress", "c.ppm", "in"]).errors.contains("is a folder"))
  }

  @Test func verifyNamesWhatIsDamaged() throws {
    let source = Program.testdata("sample.png")
    #expect(try program.run(["compress", source, "a.gqz", "-e", "1"]).exitCode == 0)
    let file = try program.read("a.gqz")
    let intact = try program.run(["verify", "a.gqz"])
    #expect(
      intact.exitCode == 0 && String(decoding: intact.output, as: UTF8.self) == "a.gqz: intact\n")
    let structure = try FileStructure(parsing: file)
    let start = file.count - structure.layout.byteCount
    var damaged = file
    for tile in [1, 4] { damaged[start + structure.layout.segments[tile].offset + 9] ^= 4 }
    try program.write("b.gqz", damaged)
    try program.write("c.gqz", Array(file.dropLast()))
    let result = try program.run(["verify", "a.gqz", "b.gqz", "c.gqz", "absent.gqz", "--json"])
    #expect(result.exitCode == 1)
    struct Line: Decodable {
      let input: String
      let intact: Bool
      let problems: [String]
    }
    let lines = try String(decoding: result.output, as: UTF8.self).split(separator: "\n").map {
      try JSONDecoder().decode(Line.self, from: Data($0.utf8))
    }
    #expect(lines.map(\.intact) == [true, false, false, false])
    #expect(lines.map(\.problems.count) == [0, 2, 1, 1])
    #expect(result.errors.contains("tile at row 0, column 16"))
    #expect(result.errors.contains("tile at row 16, column 16"))
    let info = String(decoding: try program.run(["info", "b.gqz"]).output, as: UTF8.self)
    #expect(info.contains("2 damaged") && info.contains("  .X.\n  .X.\n"))
  }

  @Test func metadataThatTakesMostOfTheSizeIsNamed() throws {
    let picture = Program.testdata("read/metadata.png")
    func warns(_ options: String...) throws -> Bool {
      let result = try program.run(["compress", picture, "a.gqz", "--force"] + options)
      #expect(result.exitCode == 0)
      return result.errors.contains("metadata takes")
    }
    #expect(try warns("--size", "1200"))
    #expect(try !warns("--size", "1200", "--strip", "all"))
    #expect(try !warns("-q", "50"))
  }

  @Test func infoTellsOfAlphaAndMetadata() throws {
    _ = try program.run(["compress", Program.testdata("read/metadata.png"), "a.gqz"])
    let text = String(decoding: try program.run(["info", "a.gqz"]).output, as: UTF8.self)
    #expect(text.contains("ICC profile (i) 588 bytes, Exif (e) 26 bytes, XMP (x)"))
    _ = try program.run(["compress", Program.testdata("read/rgba.png"), "b.gqz"])
    struct Description: Decodable {
      struct Chunk: Decodable {
        let type, name: String
        let bytes: Int
      }
      let chunks: [Chunk]
    }
    let info = try JSONDecoder().decode(
      Description.self, from: Data(try program.run(["info", "b.gqz", "--json"]).output))
    #expect(info.chunks.map(\.type) == ["a"] && info.chunks.map(\.name) == ["alpha"])
  }

  @Test func versionNamesTheModel() throws {
    let text = String(decoding: try program.run(["--version"]).output, as: UTF8.self)
    _ = try program.run(["compress", Program.testdata("read/rgb.png"), "a.gqz"])
    let model = try FileStructure(parsing: try program.read("a.gqz")).header.modelIdentifier
    let id = model.map { String(Int($0) + 256, radix: 16).dropFirst() }.joined()
    #expect(text.hasPrefix("gqimg ") && text.contains(", format 1, model \(id)"))
  }

  @Test func withoutLossNoModelIsNeeded() throws {
    let nowhere = ["--model", "nowhere.safetensors"]
    let source = Program.testdata("read/rgba.png")
    let made = try program.run(["compress", source, "a.gqz", "--lossless", "--verbose"] + nowhere)
    #expect(made.exitCode == 0 && made.errors.contains("no model"))
    #expect(try program.run(["decompress", "a.gqz", "a.png"] + nowhere).exitCode == 0)
    let original = try PictureReader().read(try testdata("read/rgba.png"))
    let restored = try picture("a.png")
    #expect(restored.samples == original.samples && restored.alpha == original.alpha)
    let text = String(decoding: try program.run(["info", "a.gqz"]).output, as: UTF8.self)
    #expect(text.contains("none is needed"))
    _ = try program.run(["compress", source, "b.gqz"])
    #expect(try program.run(["decompress", "b.gqz", "b.png"] + nowhere).exitCode == 1)
    // A preview is not without loss.
    #expect(
      try program.run(
        ["compress", Program.testdata("chelsea.png"), "c.gqz", "--lossless", "--preview"] + nowhere
      ).exitCode == 1)
    // A small picture is its own.
    #expect(
      try program.run(["compress", source, "d.gqz", "--lossless", "--preview"] + nowhere).exitCode
        == 0)
    #expect(try program.read("d.gqz") == program.read("a.gqz"))
  }

  @Test func aProgramWithoutItsModelSaysSo() throws {
    try FileManager.default.copyItem(
      at: Program.executable, to: program.folder.appendingPathComponent("lonely"))
    let process = Process()
    process.executableURL = program.folder.appendingPathComponent("lonely")
    process.arguments = ["compress", Program.testdata("read/rgb.png"), "/dev/null"]
    let errors = Pipe()
    process.standardError = errors
    try process.run()
    let text = String(decoding: errors.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    #expect(process.terminationStatus == 1 && text.contains("gqimg.safetensors"))
  }

  @Test func aColouredGroundUnderGreyIsColoured() throws {
    let source = Program.testdata("read/grey-with-alpha.png")
    #expect(try program.run(["compress", source, "a.gqz", "--lossless"]).exitCode == 0)
    #expect(
      try program.run(["decompress", "a.gqz", "a.png", "--background", "#f00"]).exitCode == 0)
    let original = try PictureReader().read(try testdata("read/grey-with-alpha.png"))
    #expect(try picture("a.png") == original.flattened(red: 255, green: 0, blue: 0))
    #expect(
      try program.run(["decompress", "a.gqz", "a.ppm", "--background", "red"]).exitCode == 64)
    let grey = try program.run(["decompress", "a.gqz", "a.pgm", "--background", "#f00"])
    #expect(grey.exitCode == 1 && grey.errors.contains(".ppm holds them"), "\(grey.errors)")
    #expect(
      try program.run(["decompress", "a.gqz", "a.pgm", "--background", "white"]).exitCode == 0)
  }

  /// A byte in the middle of a JPEG file that makes libjpeg read on from wrong bits.
  @Test func doubtfulPixelsAreTold() throws {
    var bytes = try testdata("read/baseline-444.jpg")
    let end = bytes.count - 2
    bytes.insert(contentsOf: (1...40).map { UInt8($0) }, at: end)
    try program.write("a.jpg", bytes)
    let result = try program.run(["compress", "a.jpg", "a.gqz"])
    #expect(
      result.exitCode == 0 && result.errors.contains("pixels may be wrong"), "\(result.errors)")
    #expect(try program.run(["compress", "a.jpg", "b.gqz", "--strict"]).exitCode == 1)
    bytes.replaceSubrange(end..<end + 40, with: [UInt8](repeating: 0, count: 40))
    try program.write("b.jpg", bytes)
    let filled = try program.run(["compress", "b.jpg", "b.gqz"])
    #expect(
      filled.exitCode == 0 && filled.errors.contains("all pixels are there"), "\(filled.errors)")
    // What is cut short is refused, with advice.
    try program.write("c.jpg", Array(bytes.prefix(end - 100)))
    let cut = try program.run(["compress", "c.jpg", "c.gqz"])
    #expect(cut.exitCode == 1 && cut.errors.contains("--partial"), "\(cut.errors)")
    let partial = try program.run(["compress", "c.jpg", "c.gqz", "--partial"])
    #expect(partial.exitCode == 2 && !partial.errors.contains("--partial"), "\(partial.errors)")
  }

  /// 0 for whole files alone, 2 for damage that was concealed, 1 when any file failed; the picture is there each time.
  @Test func recoveryTellsDamageByItsExitCode() throws {
    let source = Program.testdata("chelsea.png")
    #expect(try program.run(["compress", source, "whole.gqz", "-e", "1"]).exitCode == 0)
    let file = try program.read("whole.gqz")
    let layout = try FileStructure(parsing: file).layout
    var damaged = file
    damaged[file.count - layout.byteCount + layout.segments[0].offset + 9] ^= 4
    try program.write("damaged.gqz", damaged)
    try program.write("short.gqz", Array(file.dropLast(100)))
    try program.write("headless.gqz", Array(file.prefix(40)))

    func recover(_ names: [String]) throws -> (code: Int32, written: Set<String>) {
      let names = names.map { $0 + ".gqz" }
      let arguments = ["decompress", "--recover", "--output", "out"] + names
      let code = try program.run(arguments).exitCode
      let out = program.folder.appendingPathComponent("out").path
      let written = (try? FileManager.default.contentsOfDirectory(atPath: out)) ?? []
      try? FileManager.default.removeItem(atPath: out)
      return (code, Set(written))
    }
    #expect(try recover(["whole"]) == (0, ["whole.png"]))
    #expect(try recover(["damaged"]) == (2, ["damaged.png"]))
    #expect(try recover(["short"]) == (2, ["short.png"]))
    #expect(try recover(["damaged", "whole"]) == (2, ["damaged.png", "whole.png"]))
    #expect(try recover(["damaged", "headless"]) == (1, ["damaged.png"]))
    #expect(try recover(["headless"]) == (1, []))
    #expect(try program.run(["decompress", "damaged.gqz", "a.png"]).exitCode == 1)
  }
}

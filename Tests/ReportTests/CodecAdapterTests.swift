import Foundation
import GQCodec
import GQMetrics
import Testing

@testable import GQReport

@Suite struct CodecAdapterTests {
  @Test func missingProgramsNameTheirPackage() {
    for (codec, package) in [
      (OtherCodec.webp, "webp"), (.avif, "libavif-bin"), (.jxl, "libjxl-tools"),
      (.heic, "libheif-examples"),
    ] {
      let error = #expect(throws: ReportError.self) { try codec.paths { _ in nil } }
      #expect(error.map { "\($0)".contains("Debian package \(package) ") } == true)
    }
    #expect(OtherCodec.installed { _ in nil } == [.jpeg])
    #expect(
      OtherCodec.installed { $0.hasPrefix("c") || $0.hasPrefix("d") ? "/\($0)" : nil } == [
        .jpeg, .webp, .jxl,
      ])
    #expect(OtherCodec.installed { "/\($0)" } == OtherCodec.allCases)
  }

  /// The reader of HEIC changed its name.
  @Test func eitherReaderServes() throws {
    let paths = try OtherCodec.heic.paths { $0 == "heif-dec" ? nil : "/usr/bin/\($0)" }
    #expect(paths?.decoder == "/usr/bin/heif-convert")
  }

  @Test func listsAreChecked() throws {
    #expect(try OtherCodec.list("jxl,jpeg,jxl") == [.jxl, .jpeg])
    #expect(try OtherCodec.list("none") == [])
    for list in ["png", "", "jpeg,", "JPEG"] {
      #expect(throws: ReportError.self) { try OtherCodec.list(list) }
    }
  }

  /// With the programs that are here: sizes keep their limit, rise with it, and the picture comes back.
  @Test(arguments: OtherCodec.installed(), [Picture.ColorType.rgb, .grey])
  func codecsKeepTheirPromise(codec: OtherCodec, colorType: Picture.ColorType) throws {
    let adapter = try codec.make(program: nil)
    try adapter.check()
    #expect(adapter.identity.version.contains { $0.isNumber })
    // An odd number of rows.
    let source = try SourcePicture.small(rows: 45, colorType: colorType)
    var last = 0.0
    for limit in [700, 2400] {
      let file = try #require(try adapter.encode(source, atMost: limit))
      #expect(file.bytes.count <= limit)
      let decoded = try adapter.decode(file.bytes, of: source)
      let psnr =
        try Scores(of: source, decoded: decoded, codec: codec.rawValue, butteraugli: nil).psnr
        ?? 100
      #expect(psnr > 25 && psnr >= last)
      last = psnr
      if let next = try adapter.next(after: file, of: source) {
        #expect(next.bytes.count > file.bytes.count)
      }
      let encode = try #require(
        try adapter.timeEncode(source, atMost: limit, setting: file.setting?.number))
      let decode = try #require(try adapter.timeDecode(file.bytes, of: source))
      for cost in [encode, decode] {
        let time = adapter.identity.timing == .process ? cost.process : cost.library
        #expect((time?.seconds ?? 0) > 0 && (time?.processorSeconds ?? -1) >= 0)
      }
      if adapter.identity.timing == .process {
        #expect((encode.peakMemoryBytes ?? .max) > 1 << 20)
      }
    }
    #expect(try adapter.encode(source, atMost: 10) == nil)
  }

  /// Python with the package, where there is one.
  private static let python =
    ProcessInfo.processInfo.environment["GQIMG_PYTHON"].flatMap {
      try? PythonHelpers(interpreter: $0)
    } ?? PythonHelpers.installed()

  /// The same for current libraries, with every kind of picture.
  @Test(
    .enabled(if: python != nil, "no Python with imagecodecs; GQIMG_PYTHON names one"),
    arguments: PythonCodec.codecs, [1, 2, 3, 4])
  func pythonCodecsKeepTheirPromise(codec: OtherCodec, channels: Int) throws {
    let adapter = try codec.make(program: nil, python: Self.python, threads: 2)
    #expect(adapter is PythonCodec && adapter.identity.version.contains("imagecodecs"))
    let alpha: [UInt8] = (0..<(32 * 45)).map { i in UInt8((i / 45 * 7) % 256) }
    let source = try SourcePicture.small(
      rows: 45, colorType: channels < 3 ? .grey : .rgb, alpha: channels % 2 == 0 ? alpha : nil)
    var last = 0.0
    for limit in [900, 3000] {
      let file = try #require(try adapter.encode(source, atMost: limit))
      #expect(file.bytes.count <= limit && file.setting != nil)
      let decoded = try adapter.decode(file.bytes, of: source)
      #expect((decoded.alpha != nil) == (channels % 2 == 0))
      let psnr =
        try Scores(of: source, decoded: decoded, codec: codec.rawValue, butteraugli: nil).psnr
        ?? 100
      #expect(psnr > 25 && psnr >= last)
      last = psnr
      let time = try adapter.timeEncode(source, atMost: limit, setting: file.setting?.number)
      #expect((time?.library?.seconds ?? 0) > 0 && time?.process == nil)
      #expect(try (adapter.timeDecode(file.bytes, of: source)?.library?.processorSeconds ?? 0) > 0)
    }
    #expect((Self.python?.processorSeconds ?? 0) > 0)
  }

  @Test func pythonWithoutThePackageIsSaid() throws {
    #expect(throws: ReportError.self) { try PythonHelpers(interpreter: "/nowhere/python") }
    #expect(throws: ReportError.self) { try PythonHelpers(interpreter: "/bin/false") }
    #expect(PythonHelpers.installed(interpreter: "no-such-python") == nil)
  }

  @Test(arguments: [
    ("avif", "Version: 0.11.1 (dav1d [dec]:1.0.0)", true), ("avif", "libavif 1.4.0 (x)", false),
    ("jxl", "cjxl v0.7.0 [AVX2]", true), ("jxl", "libjxl 0.11.2", false),
    ("webp", "1.2.4", true), ("webp", "libwebp 1.6.0", false), ("webp", "unknown", false),
    ("heic", "heif-enc  libheif version: 1.15.1", true), ("jpeg", "libjpeg-turbo 1.0", false),
  ])
  func oldReleasesAreNoted(name: String, version: String, isOld: Bool) {
    let identity = CodecIdentity(
      name: name, title: name, version: version, options: "", timing: .process)
    #expect((CodecAge.note(identity) != nil) == isOld)
  }
}

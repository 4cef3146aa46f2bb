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
      let measurement = try Measurement(
        of: source, file: file, decoded: decoded, codec: codec.rawValue)
      #expect(measurement.bytes == file.bytes.count)
      let psnr = measurement.psnr ?? 100
      #expect(psnr > 25 && psnr >= last)
      last = psnr
      if adapter.identity.timing == .process {
        #expect((file.cost.peakMemoryBytes ?? .max) > 1 << 20)
        #expect((decoded.cost.seconds ?? 0) > 0)
      }
    }
    #expect(try adapter.encode(source, atMost: 10) == nil)
  }
}

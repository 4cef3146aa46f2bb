import Foundation
import Testing

@testable import GQReport

/// A run that goes on where another was.
final class MeasurementStoreTests {
  let folder = FileManager.default.temporaryDirectory.appendingPathComponent(
    "gqimg-store-\(UUID().uuidString)")
  // 1024 pixels: rates of 0.25, 0.5 and 1 allow 32, 64 and 128 bytes.
  let rates = [0.25, 0.5, 1.0]

  deinit { try? FileManager.default.removeItem(at: folder) }

  private func measure(
    _ codec: FakeCodec, _ source: SourcePicture, isFresh: Bool = false, rates: [Double]? = nil
  ) throws -> MeasurementRun.Findings {
    let rates = rates ?? self.rates
    let run = MeasurementRun(
      codecs: [codec], rates: rates,
      store: try MeasurementStore(folder: folder.path, isFresh: isFresh),
      progress: Progress(codecs: [codec.identity.name], stepsPerCodec: rates.count))
    var findings = MeasurementRun.Findings()
    try run.measure(source, into: &findings)
    return findings
  }

  private let sizes = [50, 60, 100, 120]

  @Test func nothingIsMeasuredTwice() throws {
    let first = FakeCodec(sizes: sizes)
    let found = try measure(first, try .small())
    #expect(found.rows.map(\.measurement.bytes) == [60, 120])
    #expect(found.rows.map(\.target) == [0.5, 1])
    #expect(
      found.unreachable == [UnreachableRate(picture: "small.png", method: "fake", target: 0.25)])
    #expect(found.rows.map(\.measurement.encode.seconds) == [1, 3])
    // Setting 1 adds 1 to every sample.
    #expect(abs((found.rows[0].measurement.psnr ?? 0) - 48.1308) < 1e-3)

    // Under another name the same pixels are the same picture.
    let second = FakeCodec(sizes: sizes)
    let again = try measure(second, try .small(name: "other.png"))
    #expect(second.encodes == 0)
    #expect(again.rows.map(\.measurement) == found.rows.map(\.measurement))
    #expect(again.rows.map(\.picture) == ["other.png", "other.png"])
    #expect(again.unreachable.map(\.target) == [0.25])

    // A run that was stopped measures the rest.
    let third = FakeCodec(sizes: sizes)
    _ = try measure(third, try .small(), rates: rates + [0.8])
    #expect(third.encodes > 0 && third.encodes <= 3)
  }

  @Test func whatDiffersIsMeasured() throws {
    _ = try measure(FakeCodec(sizes: sizes), try .small())
    let version = FakeCodec(version: "2", sizes: sizes)
    _ = try measure(version, try .small())
    #expect(version.encodes > 0)
    let picture = FakeCodec(sizes: sizes)
    _ = try measure(picture, try .small(first: 1))
    #expect(picture.encodes > 0)
    let fresh = FakeCodec(sizes: sizes)
    _ = try measure(fresh, try .small(), isFresh: true)
    #expect(fresh.encodes > 0)
  }

  @Test(arguments: ["json", "bin"]) func damageIsMeasuredAnew(fileExtension: String) throws {
    let found = try measure(FakeCodec(sizes: sizes), try .small())
    for name in try FileManager.default.contentsOfDirectory(atPath: folder.path)
    where name.hasSuffix(fileExtension) {
      let path = folder.appendingPathComponent(name)
      let bytes = try Data(contentsOf: path)
      try bytes.prefix(bytes.count / 2).write(to: path)
    }
    let codec = FakeCodec(sizes: sizes)
    let again = try measure(codec, try .small())
    #expect(codec.encodes > 0)
    #expect(again.rows.map(\.measurement) == found.rows.map(\.measurement))
  }

  /// Equal pictures have an infinite PSNR, which must survive the store.
  @Test func losslessFilesAreKept() throws {
    let found = try measure(FakeCodec(sizes: [20]), try .small())
    #expect(found.rows.count == 3 && found.rows.allSatisfy { $0.measurement.psnr == nil })
    let codec = FakeCodec(sizes: [20])
    #expect(
      try measure(codec, try .small()).rows.map(\.measurement) == found.rows.map(\.measurement))
    #expect(codec.encodes == 0)
    #expect(CSV.text(found.rows).contains(",inf,inf,1.000000,"))
  }
}

import Foundation
import Testing

@testable import GQReport

/// A run that goes on where another was.
final class MeasurementStoreTests {
  let folder = FileManager.default.temporaryDirectory.appendingPathComponent(
    "gqimg-store-\(UUID().uuidString)")
  // 1024 pixels: rates of 0.25, 0.5 and 1 allow 32, 64 and 128 bytes.
  let rates = [0.25, 0.5, 1.0]
  var machine = Machine.current(threads: 1)

  deinit { try? FileManager.default.removeItem(at: folder) }

  private func measure(
    _ codec: FakeCodec, _ source: SourcePicture, isFresh: Bool = false, rates: [Double]? = nil
  ) throws -> MeasurementRun.Findings {
    let rates = rates ?? self.rates
    let run = MeasurementRun(
      codecs: [codec], rates: rates,
      store: try MeasurementStore(folder: folder.path, isFresh: isFresh),
      progress: Progress(codecs: [codec.identity.name], stepsPerCodec: rates.count),
      machine: machine)
    try run.measure(source)
    try run.time(source)
    return run.findings([source.size])
  }

  private let sizes = [50, 60, 100, 120]

  @Test func nothingIsMeasuredTwice() throws {
    let first = FakeCodec(sizes: sizes)
    let found = try measure(first, try .small())
    #expect(found.rows.map(\.measurement.bytes) == [60, 120])
    #expect(found.rows.map(\.target) == [0.5, 1])
    #expect(
      found.unreachable == [UnreachableRate(picture: "small.png", method: "fake", target: 0.25)])
    // Medians of three runs, with the shortest and the longest.
    let times = found.rows.compactMap(\.measurement.encode.library)
    #expect(times.map(\.seconds) == [1.1, 3.1] && times.map(\.fastest) == [1, 3])
    #expect(times.map(\.slowest) == [1.2, 3.2] && times.map(\.processorSeconds) == [2.2, 6.2])
    #expect(found.rows.allSatisfy { $0.measurement.encode.runs == 3 && first.timedRuns == 6 })
    // Setting 1 adds 1 to every sample.
    #expect(abs((found.rows[0].measurement.scores.psnr ?? 0) - 48.1308) < 1e-3)
    // The next larger file is measured too, so that what lies between can be interpolated.
    #expect(found.rows[0].measurement.above?.bitsPerPixel == Double(100 * 8) / 1024)
    #expect(found.rows[1].measurement.above == nil)

    // Under another name the same pixels are the same picture.
    let second = FakeCodec(sizes: sizes)
    let again = try measure(second, try .small(name: "other.png"))
    #expect(second.encodes == 0 && second.timedRuns == 0)
    #expect(again.rows.map(\.measurement) == found.rows.map(\.measurement))
    #expect(again.rows.map(\.picture) == ["other.png", "other.png"])
    #expect(again.unreachable.map(\.target) == [0.25])

    // A run that was stopped measures the rest.
    let third = FakeCodec(sizes: sizes)
    _ = try measure(third, try .small(), rates: rates + [0.8])
    #expect(third.encodes > 0 && third.encodes <= 3)
  }

  /// Scores do not depend on the machine, times do.
  @Test func timesAreTakenAnewOnAnotherMachine() throws {
    _ = try measure(FakeCodec(sizes: sizes), try .small())
    machine = Machine.current(threads: 2)
    let codec = FakeCodec(sizes: sizes)
    let found = try measure(codec, try .small())
    #expect(codec.encodes == 0 && codec.timedRuns == 6)
    #expect(found.rows.allSatisfy { $0.measurement.machine == machine })
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
    #expect(found.rows.count == 3 && found.rows.allSatisfy { $0.measurement.scores.psnr == nil })
    let codec = FakeCodec(sizes: [20])
    #expect(
      try measure(codec, try .small()).rows.map(\.measurement) == found.rows.map(\.measurement))
    #expect(codec.encodes == 0)
    #expect(CSV.text(found.rows).contains(",inf,inf,1.000000,"))
  }
}

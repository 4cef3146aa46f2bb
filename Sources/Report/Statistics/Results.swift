import Foundation

/// All that a report says in numbers; `results.json` is this.
package struct Results: Sendable, Encodable {
  /// The name of this project's codec among the methods.
  static let own = "gqimg"
  /// The same codec with its other tunings.
  static let tunings: Set = ["gqimg-psnr", "gqimg-visual"]
  /// From this part of the cores on that others used, times say little.
  static let busyShare = 0.1

  /// A codec that took part.
  struct Method: Sendable, Encodable {
    let name: String
    let title: String
    let version: String
    let options: String
    let timing: CodecIdentity.Timing
    /// What to know about it; nil for nothing.
    let note: String?
  }

  /// What times were taken on, and how.
  struct Timing: Sendable, Encodable {
    let machine: Machine
    /// Times are medians of so many runs, or more.
    let runs: Int
    /// How many processes wanted a core when the report was made.
    let loadAverage: Double?
    /// How many files were timed.
    let files: Int
    /// How many of them while other programs used ``Results/busyShare`` of the cores or more.
    let busyFiles: Int
    /// The largest part of the cores that others used.
    let largestOthersShare: Double?
  }

  let methods: [Method]
  let pictures: [PictureSize]
  /// Bits per pixel asked for.
  let rates: [Double]
  let means: [Mean]
  let rateSavings: [RateSaving]
  let rows: [ResultRow]
  let unreachable: [UnreachableRate]
  let leftOut: [LeftOutPicture]
  /// nil when no times were taken.
  let timing: Timing?

  /// Makes means and comparisons of what was measured.
  package init(
    codecs: [CodecIdentity], rates: [Double], findings: MeasurementRun.Findings,
    machine: Machine = .current(threads: Machine.coreCount),
    loadAverage: Double? = Machine.loadAverage()
  ) {
    methods = codecs.map {
      Method(
        name: $0.name, title: $0.title, version: $0.version, options: $0.options,
        timing: $0.timing, note: CodecAge.note($0))
    }
    pictures = findings.pictures
    self.rates = rates
    let times = findings.rows.map(\.measurement).filter { $0.encode.runs > 0 }
    let shares = times.compactMap(\.othersShare)
    timing =
      times.isEmpty
      ? nil
      : Timing(
        machine: times[0].machine ?? machine, runs: times.map(\.encode.runs).min() ?? 0,
        loadAverage: loadAverage, files: times.count,
        busyFiles: shares.filter { $0 >= Self.busyShare }.count, largestOthersShare: shares.max())
    // What all have alike stands above.
    rows = findings.rows.map { row in
      var measurement = row.measurement
      measurement.machine = nil
      return ResultRow(
        picture: row.picture, method: row.method, target: row.target, measurement: measurement)
    }
    unreachable = findings.unreachable
    leftOut = findings.leftOut
    let (rows, names) = (rows, methods.map(\.name))
    let pictures = findings.pictures.map(\.name)
    means = Mean.all(methods: names, rates: rates, pictures: pictures, rows: rows)
    rateSavings = names.filter { $0 == Self.own || Self.tunings.contains($0) }.flatMap { test in
      RateSaving.all(test: test, methods: names, rows: rows, pictures: pictures)
    }
  }

  /// Why times say less than they could; nil when nothing speaks against them.
  var busyWarning: String? {
    guard let timing, timing.busyFiles > 0, let most = timing.largestOthersShare else { return nil }
    return
      "The machine was busy: for \(timing.busyFiles) of \(timing.files) files other programs used "
      + "\(Int(Self.busyShare * 100)) % of the processor or more while times were taken, up to \(Int((most * 100).rounded())) %. "
      + "Wall times are too long then."
  }

  /// Whether any picture has the quality.
  func has(_ quality: Quality) -> Bool {
    rows.contains { quality.value(of: $0.measurement.scores) != nil }
  }

  /// As JSON with sorted keys.
  package func json(pretty: Bool = true) throws -> [UInt8] {
    let encoder = JSONEncoder()
    encoder.outputFormatting =
      pretty
      ? [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes] : [.sortedKeys]
    return Array(try encoder.encode(self))
  }
}

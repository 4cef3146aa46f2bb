import Foundation

/// All that a report says in numbers; `results.json` is this.
public struct Results: Sendable, Encodable {
  /// The name of this project's codec among the methods.
  static let own = "gqimg"
  /// The same codec with its other tunings.
  static let tunings: Set = ["gqimg-psnr", "gqimg-visual"]

  /// A codec that took part.
  struct Method: Sendable, Encodable {
    let name: String
    let title: String
    let version: String
    let options: String
    let timing: CodecIdentity.Timing
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

  /// Makes means and comparisons of what was measured.
  public init(
    codecs: [CodecIdentity], rates: [Double], findings: MeasurementRun.Findings
  ) {
    methods = codecs.map {
      Method(
        name: $0.name, title: $0.title, version: $0.version, options: $0.options,
        timing: $0.timing)
    }
    pictures = findings.pictures
    self.rates = rates
    rows = findings.rows
    unreachable = findings.unreachable
    leftOut = findings.leftOut
    // Means over other pictures than their neighbours' compare nothing.
    means = Mean.all(of: rows).filter { $0.pictures == findings.pictures.count }
    let (rows, means, names) = (rows, means, methods.map(\.name))
    let pictures = findings.pictures.map(\.name)
    rateSavings = names.filter { $0 == Self.own || Self.tunings.contains($0) }.flatMap { test in
      RateSaving.all(test: test, methods: names, rows: rows, means: means, pictures: pictures)
    }
  }

  /// As JSON with sorted keys.
  public func json(pretty: Bool = true) throws -> [UInt8] {
    let encoder = JSONEncoder()
    encoder.outputFormatting =
      pretty
      ? [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes] : [.sortedKeys]
    return Array(try encoder.encode(self))
  }
}

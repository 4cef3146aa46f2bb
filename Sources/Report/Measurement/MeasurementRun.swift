import GQCodec

/// Measures pictures with codecs at rates.
public struct MeasurementRun {
  /// Whom to measure, this project's codec first.
  let codecs: [any PictureCodec]
  /// Bits per pixel.
  let rates: [Double]
  let store: MeasurementStore
  /// Told of every step.
  let progress: Progress

  /// Makes a run.
  public init(
    codecs: [any PictureCodec], rates: [Double], store: MeasurementStore, progress: Progress
  ) {
    self.codecs = codecs
    self.rates = rates
    self.store = store
    self.progress = progress
  }

  /// What a run found.
  public struct Findings: Sendable {
    /// By picture, then by rate, then by codec.
    public internal(set) var rows: [ResultRow] = []
    /// Where no file is as small as asked for.
    public internal(set) var unreachable: [UnreachableRate] = []
    /// The pictures, in the order in which they were measured.
    public internal(set) var pictures: [PictureSize] = []
    /// Files that are no pictures that can be measured.
    public private(set) var leftOut: [LeftOutPicture] = []

    /// Nothing yet.
    public init() {}

    /// Notes a file that cannot be measured.
    public mutating func leaveOut(_ name: String, reason: String) {
      leftOut.append(LeftOutPicture(name: name, reason: reason))
    }

    /// How a picture looks with this project's codec at a rate, by SSIMULACRA2; nil when that is not known.
    public func ownScore(picture: String, rate: Double) -> Double? {
      rows.first { $0.picture == picture && $0.method == Results.own && $0.target == rate }?
        .measurement.ssimulacra2
    }
  }

  /// Adds the measurements of one picture.
  public func measure(_ source: SourcePicture, into findings: inout Findings) throws {
    findings.pictures.append(
      PictureSize(
        name: source.name, width: source.picture.width, height: source.picture.height))
    var outcomes: [[MeasurementStore.Outcome]] = []
    for codec in codecs {
      outcomes.append(
        try rates.map { rate in
          try progress.step(picture: source.name, codec: codec.identity, rate: rate) {
            try outcome(codec, source, rate: rate)
          }
        })
    }
    for (rateIndex, rate) in rates.enumerated() {
      for (codec, outcomes) in zip(codecs, outcomes) {
        let method = codec.identity.name
        switch outcomes[rateIndex] {
        case .measured(let measurement):
          findings.rows.append(
            ResultRow(
              picture: source.name, method: method, target: rate, measurement: measurement))
        case .unreachable:
          findings.unreachable.append(
            UnreachableRate(picture: source.name, method: method, target: rate))
        }
      }
    }
  }

  /// The most bytes that a picture may take at a rate.
  static func byteCount(_ source: SourcePicture, rate: Double) -> Int {
    Int(rate * Double(source.pixelCount) / 8)
  }

  /// From the store, or measured; the second value tells whether work was done.
  private func outcome(
    _ codec: any PictureCodec, _ source: SourcePicture, rate: Double
  ) throws -> (MeasurementStore.Outcome, measured: Bool) {
    let byteCount = Self.byteCount(source, rate: rate)
    let key = MeasurementKey(source: source, codec: codec.identity, byteCount: byteCount)
    if let known = store.outcome(for: key) { return (known, false) }
    guard let file = try codec.encode(source, atMost: byteCount) else {
      try store.keepUnreachable(key)
      return (.unreachable, true)
    }
    let measurement = try Measurement(
      of: source, file: file, decoded: try codec.decode(file.bytes, of: source),
      codec: codec.identity.name)
    try store.keep(measurement, file: file.bytes, for: key)
    return (.measured(measurement), true)
  }
}

/// A file that was left out.
public struct LeftOutPicture: Sendable, Equatable, Encodable {
  /// Its name.
  public let name: String
  /// Why it cannot be measured.
  public let reason: String
}

/// A picture that took part.
public struct PictureSize: Sendable, Encodable {
  /// The name of its file.
  public let name: String
  /// Pixels in a row.
  public let width: Int
  /// Rows.
  public let height: Int
}

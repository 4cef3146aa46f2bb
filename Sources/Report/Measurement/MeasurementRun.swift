import GQCodec

/// Measures pictures with codecs at rates.
///
/// Pictures may be measured at the same time, since nothing is timed then; times are taken afterwards, one after the other.
package struct MeasurementRun: Sendable {
  /// Whom to measure, this project's codec first.
  let codecs: [any PictureCodec]
  /// Bits per pixel.
  let rates: [Double]
  let store: MeasurementStore
  /// Told of every step.
  let progress: Progress
  let butteraugli: Butteraugli?
  let python: PythonHelpers?
  let machine: Machine
  /// Times are medians of so many runs; 0 for no times.
  let runs: Int

  /// Makes a run.
  package init(
    codecs: [any PictureCodec], rates: [Double], store: MeasurementStore, progress: Progress,
    butteraugli: Butteraugli? = nil, python: PythonHelpers? = nil,
    machine: Machine = .current(threads: Machine.coreCount), runs: Int = 3
  ) {
    self.codecs = codecs
    self.rates = rates
    self.store = store
    self.progress = progress
    self.butteraugli = butteraugli
    self.python = python
    self.machine = machine
    self.runs = runs
  }

  /// What a run found.
  package struct Findings: Sendable {
    /// By picture, then by rate, then by codec.
    package internal(set) var rows: [ResultRow] = []
    /// Where no file is as small as asked for.
    package internal(set) var unreachable: [UnreachableRate] = []
    /// The pictures, in the order of their names.
    package internal(set) var pictures: [PictureSize] = []
    /// Files that are no pictures that can be measured.
    package internal(set) var leftOut: [LeftOutPicture] = []

    /// Nothing yet.
    package init() {}

    /// How a picture looks with this project's codec at a rate, by SSIMULACRA2; nil when that is not known.
    package func ownScore(picture: String, rate: Double) -> Double? {
      rows.first { $0.picture == picture && $0.method == Results.own && $0.target == rate }?
        .measurement.scores.ssimulacra2
    }
  }

  /// Codes a picture with every codec at every rate and compares what comes back, but for what the store has.
  package func measure(_ source: SourcePicture) throws {
    for codec in codecs {
      for rate in rates {
        try progress.step(.measure, picture: source.size.name, codec: codec.identity, rate: rate) {
          try measure(codec, source, rate: rate)
        }
      }
    }
  }

  /// Takes the times of all files of a picture, but for those that were taken on this machine before.
  package func time(_ source: SourcePicture) throws {
    guard runs > 0 else { return }
    for codec in codecs {
      for rate in rates {
        try progress.step(.time, picture: source.size.name, codec: codec.identity, rate: rate) {
          try time(codec, source, rate: rate)
        }
      }
    }
  }

  /// All that the store has of pictures.
  package func findings(_ pictures: [PictureSize], leftOut: [LeftOutPicture] = []) -> Findings {
    var findings = Findings()
    findings.pictures = pictures
    findings.leftOut = leftOut
    for picture in pictures {
      for rate in rates {
        for codec in codecs {
          let key = MeasurementKey(picture: picture, codec: codec.identity, rate: rate)
          let method = codec.identity.name
          switch store.recorded(for: key) {
          case .measured(let measurement)?:
            findings.rows.append(
              ResultRow(
                picture: picture.name, method: method, target: rate, measurement: measurement))
          case .unreachable?:
            findings.unreachable.append(
              UnreachableRate(picture: picture.name, method: method, target: rate))
          case nil: break
          }
        }
      }
    }
    return findings
  }

  /// Returns whether work was done.
  private func measure(
    _ codec: any PictureCodec, _ source: SourcePicture, rate: Double
  ) throws -> Bool {
    let key = MeasurementKey(picture: source.size, codec: codec.identity, rate: rate)
    switch store.outcome(for: key) {
    case .unreachable?: return false
    case .measured(let known)?:
      // The program may have been installed since.
      guard butteraugli != nil, known.scores.butteraugli == nil else { return false }
      let file = try store.file(for: key)
      var again = known
      again.scores = try scores(file, codec, source)
      guard again.scores.butteraugli != nil else { return false }
      if known.above != nil, let number = known.settingNumber, let text = known.setting {
        again.above = try above(
          EncodedFile(
            bytes: file, setting: EncodedFile.Setting(number: number, text: text)), codec, source)
      }
      try store.keep(again, file: file, for: key)
    case nil:
      guard let file = try codec.encode(source, atMost: key.byteCount) else {
        try store.keepUnreachable(key)
        return true
      }
      try store.keep(
        Measurement(
          bytes: file.bytes.count, bitsPerPixel: bitsPerPixel(file, source),
          scores: try scores(file.bytes, codec, source), setting: file.setting,
          above: try above(file, codec, source)),
        file: file.bytes, for: key)
    }
    return true
  }

  /// The next larger file of a codec that is told a quality.
  private func above(
    _ file: EncodedFile, _ codec: any PictureCodec, _ source: SourcePicture
  ) throws -> RatePoint? {
    guard let next = try codec.next(after: file, of: source) else { return nil }
    return RatePoint(
      bitsPerPixel: bitsPerPixel(next, source), scores: try scores(next.bytes, codec, source))
  }

  private func scores(
    _ file: [UInt8], _ codec: any PictureCodec, _ source: SourcePicture
  ) throws -> Scores {
    try Scores(
      of: source, decoded: try codec.decode(file, of: source), codec: codec.identity.name,
      butteraugli: butteraugli)
  }

  private func bitsPerPixel(_ file: EncodedFile, _ source: SourcePicture) -> Double {
    Double(file.bytes.count * 8) / Double(source.size.pixelCount)
  }

  /// Returns whether work was done.
  private func time(
    _ codec: any PictureCodec, _ source: SourcePicture, rate: Double
  ) throws -> Bool {
    let key = MeasurementKey(picture: source.size, codec: codec.identity, rate: rate)
    guard case .measured(var measurement)? = store.recorded(for: key) else { return false }
    guard measurement.machine != machine || measurement.encode.runs < runs else { return false }
    let file = try store.file(for: key)
    var (encode, decode): ([RunCost], [RunCost]) = ([], [])
    let use = ProcessorUse(own: ownSeconds())
    for _ in 0..<runs {
      guard
        let made = try codec.timeEncode(
          source, atMost: key.byteCount, setting: measurement.settingNumber),
        let read = try codec.timeDecode(file, of: source)
      else { return false }
      encode.append(made)
      decode.append(read)
    }
    measurement.othersShare = use.othersShare(own: ownSeconds())
    (measurement.encode, measurement.decode) = (Cost(encode), Cost(decode))
    measurement.machine = machine
    try store.keep(measurement, for: key)
    return true
  }

  /// Processor seconds of this process and of all that it started.
  private func ownSeconds() -> Double {
    ProcessorUse.ofThisProcess() + ProcessorUse.ofChildren() + (python?.processorSeconds ?? 0)
  }
}

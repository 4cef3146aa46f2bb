import GQBitstream
import GQModel

extension GQEncoder {
  /// What a file is made for.
  public enum Tuning: Sendable, CaseIterable {
    /// The eye, by SSIMULACRA2.
    case visual
    /// Least squared error.
    case psnr
  }

  /// How large or how good a file shall be.
  public enum Target: Sendable, Equatable {
    /// 0 (smallest) to 100 (best).
    case quality(Double)
    /// At most so many bits per pixel, all included.
    case bitsPerPixel(Double)
    /// At most so many bytes.
    case bytes(Int)
    /// Every sample as it is, alpha included.
    case lossless
  }

  /// Choices of an encode.
  public struct Options: Sendable, Equatable {
    /// How large or how good.
    public var target: Target
    /// 1 (fast) to 9 (thorough).
    public var effort: Int
    /// Whether text, screens and drawings are looked for and coded without loss.
    public var findsGraphics: Bool
    /// Whether the file shows the whole picture when it is cut short.
    public var isProgressive: Bool
    /// Whether header and level map stand in the file twice, for files that may be damaged.
    public var isProtected: Bool

    /// Options, by default those of `gqimg compress`.
    public init(
      target: Target = .quality(75), effort: Int = 5,
      findsGraphics: Bool = true, isProgressive: Bool = false, isProtected: Bool = false
    ) {
      self.target = target
      self.effort = effort
      self.findsGraphics = findsGraphics
      self.isProgressive = isProgressive
      self.isProtected = isProtected
    }

    var encodingOptions: EncodingOptions {
      var options = EncodingOptions(
        effort: effort, graphics: findsGraphics ? .auto : .off,
        order: isProgressive ? .phases : .tiles, copiesHead: isProtected)
      switch target {
      case .quality(let quality): options.target = .quality(quality)
      case .bitsPerPixel(let rate): options.target = .bitsPerPixel(rate)
      case .bytes(let count): options.target = .bytes(count)
      case .lossless: options.isLossless = true
      }
      return options
    }
  }

  /// An encoder with the weights that come with the library.
  ///
  /// - Parameters:
  ///   - tuning: what files are made for.
  ///   - threads: threads to use; nil for one per core.
  /// - Throws: ``GQError`` when the weights are missing or damaged.
  public convenience init(tuning: Tuning = .visual, threads: Int? = nil) throws {
    let store = try ModelStore(threadCount: threads)
    self.init(network: try store.network(tuning == .visual ? .visual : .psnr))
  }

  /// The file of a picture.
  ///
  /// Alpha is kept without loss, but colours under alpha 0 are not unless the encode is lossless; metadata is kept as it is.
  ///
  /// - Throws: ``GQError``.
  public func encode(_ picture: Picture, quality: Double) throws -> [UInt8] {
    try encode(picture, with: Options(target: .quality(quality)))
  }

  /// The file of a picture; see ``encode(_:quality:)``.
  ///
  /// - Throws: ``GQError``.
  public func encode(_ picture: Picture, with options: Options) throws -> [UInt8] {
    try encode(picture, options: options.encodingOptions).bytes
  }

  /// The same, away from the caller's actor. Cancellation is looked for every few rows.
  ///
  /// - Parameters:
  ///   - picture: what is encoded.
  ///   - options: how.
  ///   - progress: is told of rows that were read, as a share of all; the encoder reads a picture up to five times.
  /// - Throws: ``GQError``, `CancellationError`.
  @concurrent public func encode(
    _ picture: Picture, with options: Options,
    progress: @escaping @Sendable (Double) -> Void = { _ in }
  ) async throws -> [UInt8] {
    let options = options.encodingOptions
    try options.check()
    let source = ObservedRows(
      rows: PictureRows(picture: options.isLossless ? picture : picture.fillingTransparentPixels()),
      progress: progress)
    return try encode(source, try Attachments(picture, preview: nil), options).bytes
  }
}

/// Rows of a picture whose reader may be cancelled.
private struct ObservedRows: PictureSource {
  let rows: PictureRows
  let progress: (Double) -> Void

  var width: Int { rows.width }
  var height: Int { rows.height }
  var colorType: Picture.ColorType { rows.colorType }
  var metadata: PictureMetadata { rows.metadata }
  var isInMemory: Bool { true }

  func forEachRows(_ count: Int, _ body: ([UInt8]) throws -> Void) throws {
    var done = 0
    try rows.forEachRows(count) { samples in
      try Task.checkCancellation()
      try body(samples)
      done += samples.count
      progress(Double(done) / Double(rows.picture.samples.count))
    }
  }
}

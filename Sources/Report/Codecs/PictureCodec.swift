/// A way to make pictures small, as the report sees it.
public protocol PictureCodec: Sendable {
  /// Which codec, in which version, set how.
  var identity: CodecIdentity { get }

  /// The best file of at most so many bytes, or nil when no file is so small.
  func encode(_ source: SourcePicture, atMost byteCount: Int) throws -> EncodedFile?

  /// The picture of a file that `encode` made of `source`.
  func decode(_ file: [UInt8], of source: SourcePicture) throws -> DecodedFile

  /// Throws when the codec does not work here, though it is installed.
  func check() throws
}

extension PictureCodec {
  /// Linked in, it works.
  public func check() throws {}
}

/// Which codec, in which version, set how. A measurement holds for equal identities.
public struct CodecIdentity: Sendable, Hashable, Codable {
  /// What it is called in results: `webp`.
  public let name: String
  /// What people call it: WebP.
  public let title: String
  /// The program's or library's version; for gqimg the model too.
  public let version: String
  /// What was asked of it beside the size.
  public let options: String
  /// What its times are the times of.
  public let timing: Timing

  /// What the times of a codec are the times of.
  public enum Timing: String, Sendable, Codable {
    /// The codec alone, pixels in memory to bytes in memory.
    case library
    /// A whole process, PNG file to file and back.
    case process
  }

  /// Makes an identity.
  public init(name: String, title: String, version: String, options: String, timing: Timing) {
    self.name = name
    self.title = title
    self.version = version
    self.options = options
    self.timing = timing
  }
}

/// What one run of a codec took.
public struct Cost: Sendable, Equatable, Codable {
  /// Seconds, of what ``CodecIdentity/timing`` says; nil where nothing ran that is worth a time.
  public var seconds: Double?
  /// Seconds of a whole process that does the same.
  public var processSeconds: Double?
  /// The most memory that this process held, in bytes.
  public var peakMemoryBytes: Int?

  /// Makes a cost.
  public init(
    seconds: Double? = nil, processSeconds: Double? = nil, peakMemoryBytes: Int? = nil
  ) {
    self.seconds = seconds
    self.processSeconds = processSeconds
    self.peakMemoryBytes = peakMemoryBytes
  }
}

/// A picture as a file of some codec.
public struct EncodedFile: Sendable, Equatable {
  /// The whole file.
  public var bytes: [UInt8]
  /// What the codec was told to get this size, as a person would write it; nil when it was told the size.
  public var setting: String?
  /// What making it took.
  public var cost: Cost

  /// Makes a value.
  public init(bytes: [UInt8], setting: String?, cost: Cost) {
    self.bytes = bytes
    self.setting = setting
    self.cost = cost
  }
}

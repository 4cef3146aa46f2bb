package import GQCodec

/// A way to make pictures small, as the report sees it.
package protocol PictureCodec: Sendable {
  /// Which codec, in which version, set how.
  var identity: CodecIdentity { get }

  /// The best file of at most so many bytes, or nil when no file is so small.
  func encode(_ source: SourcePicture, atMost byteCount: Int) throws -> EncodedFile?

  /// The next larger file, for codecs that are told a quality and not a size; nil when there is none.
  func next(after file: EncodedFile, of source: SourcePicture) throws -> EncodedFile?

  /// The picture of a file that `encode` made of `source`.
  func decode(_ file: [UInt8], of source: SourcePicture) throws -> Picture

  /// Makes a file once more and tells what that took; nil where nothing runs that is worth a time.
  ///
  /// - Parameters:
  ///   - byteCount: the most bytes allowed.
  ///   - setting: the number of the setting that `encode` found; nil for codecs that are told the size.
  func timeEncode(_ source: SourcePicture, atMost byteCount: Int, setting: Int?) throws -> RunCost?

  /// Reads a file once more and tells what that took.
  func timeDecode(_ file: [UInt8], of source: SourcePicture) throws -> RunCost?

  /// Throws when the codec does not work here, though it is installed.
  func check() throws
}

extension PictureCodec {
  /// Linked in, it works.
  package func check() throws {}

  /// Told a size, it fills it.
  package func next(after file: EncodedFile, of source: SourcePicture) throws -> EncodedFile? {
    nil
  }
}

/// Which codec, in which version, set how. A measurement holds for equal identities.
package struct CodecIdentity: Sendable, Hashable, Codable {
  /// What it is called in results: `webp`.
  package let name: String
  /// What people call it: WebP.
  package let title: String
  /// The program's or library's version; for gqimg the model too.
  package let version: String
  /// What was asked of it beside the size.
  package let options: String
  /// What its times are the times of.
  package let timing: Timing

  /// What the times of a codec are the times of.
  package enum Timing: String, Sendable, Codable {
    /// The codec alone, pixels in memory to bytes in memory.
    case library
    /// A whole process, PNG file to file and back.
    case process
  }

  /// Makes an identity.
  package init(name: String, title: String, version: String, options: String, timing: Timing) {
    self.name = name
    self.title = title
    self.version = version
    self.options = options
    self.timing = timing
  }
}

/// A picture as a file of some codec.
package struct EncodedFile: Sendable, Equatable {
  /// The whole file.
  package var bytes: [UInt8]
  /// What the codec was told to get this size; nil when it was told the size.
  package var setting: Setting?

  /// A quality that a codec can be told.
  package struct Setting: Sendable, Equatable {
    /// Its number, of those that the codec has.
    package let number: Int
    /// As a person would write it.
    package let text: String

    /// Makes a value.
    package init(number: Int, text: String) {
      self.number = number
      self.text = text
    }
  }

  /// Makes a value.
  package init(bytes: [UInt8], setting: Setting?) {
    self.bytes = bytes
    self.setting = setting
  }
}

import GQBitstream
package import GQCodec

/// This project's codec with samples of the posterior in the place of codewords: what the codebook costs.
///
/// There is no such file. Its bytes are those of the real file with the same levels, and times mean nothing.
package struct PosteriorSampleCodec: PictureCodec {
  /// With the effort, the quantizer and the model among the options and the version.
  package let identity: CodecIdentity
  private let encoder: GQEncoder
  private let options: EncodingOptions

  /// Makes the codec, from the same values as ``GQPictureCodec``.
  package init(encoder: GQEncoder, options: EncodingOptions, version: String) {
    self.encoder = encoder
    self.options = options
    identity = CodecIdentity(
      name: "gqimg-posterior-samples", title: "gqimg (no codebook)", version: version,
      options: "--effort \(options.effort)", timing: .library)
  }

  /// The real file of this size; nil when the picture needs more.
  package func encode(_ source: SourcePicture, atMost byteCount: Int) throws -> EncodedFile? {
    guard byteCount > 0 else { return nil }
    var options = options
    options.target = .bytes(byteCount)
    do {
      return EncodedFile(
        bytes: try encoder.encode(source.picture, options: options).bytes, setting: nil)
    } catch CodecError.targetTooSmall {
      return nil
    } catch CodecError.noRoomForAttachments {
      return nil
    }
  }

  /// What it would show with samples in the place of codewords.
  package func decode(_ file: [UInt8], of source: SourcePicture) throws -> Picture {
    try encoder.posteriorSample(
      source.picture, levelMap: try FileStructure(parsing: file).levelMap)
  }

  /// There is no such file to make.
  package func timeEncode(
    _ source: SourcePicture, atMost byteCount: Int, setting: Int?
  ) throws -> RunCost? { nil }

  /// There is no such file to read.
  package func timeDecode(_ file: [UInt8], of source: SourcePicture) throws -> RunCost? { nil }
}

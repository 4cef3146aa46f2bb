import GQBitstream
import GQCodec
import Foundation

/// What a measurement depends on: where all of this is equal, it need not be made again.
struct MeasurementKey: Sendable, Equatable, Codable {
  /// Rises when measurements mean something else than before.
  static let currentFormat = 3

  let format: Int
  /// Of the picture's pixels, ``PictureSize/digest``.
  let picture: String
  let codec: CodecIdentity
  /// The most bytes allowed.
  let byteCount: Int

  init(picture: PictureSize, codec: CodecIdentity, rate: Double) {
    format = Self.currentFormat
    self.picture = picture.digest
    self.codec = codec
    byteCount = picture.byteCount(rate: rate)
  }

  /// A file name made from all of it.
  func fileName() throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = .sortedKeys
    return String(hexadecimal(SHA256.digest(of: Array(try encoder.encode(self)))).prefix(32))
  }
}

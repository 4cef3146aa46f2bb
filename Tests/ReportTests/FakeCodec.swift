import GQCodec
import Synchronization

@testable import GQReport

/// A codec whose sizes are a list: the file of setting n has `sizes[n]` bytes, and what comes back is the original with
/// n added to every sample.
final class FakeCodec: QualityCodec {
  let identity: CodecIdentity
  let settings: ClosedRange<Int>
  private let sizes: [Int]
  private let encodeCount = Mutex(0)

  init(name: String = "fake", version: String = "1", sizes: [Int]) {
    identity = CodecIdentity(
      name: name, title: name, version: version, options: "", timing: .library)
    self.sizes = sizes
    settings = 0...(sizes.count - 1)
  }

  /// How many files it made.
  var encodes: Int { encodeCount.withLock { $0 } }

  func encode(_ source: SourcePicture, setting: Int) throws -> EncodedFile {
    encodeCount.withLock { $0 += 1 }
    return EncodedFile(
      bytes: [UInt8](repeating: UInt8(setting), count: sizes[setting]), setting: "\(setting)",
      cost: Cost(seconds: Double(setting)))
  }

  func decode(_ file: [UInt8], of source: SourcePicture) throws -> DecodedFile {
    let picture = Picture(
      width: source.picture.width, height: source.picture.height,
      colorType: source.picture.colorType, samples: source.picture.samples.map { $0 &+ file[0] })
    return DecodedFile(picture: picture, cost: Cost(seconds: 0.5))
  }
}

extension SourcePicture {
  /// A picture of so many pixels, 32 in a row, with samples that count up from `first`.
  static func small(
    name: String = "small.png", rows: Int = 32, first: Int = 0, colorType: Picture.ColorType = .rgb
  ) throws -> SourcePicture {
    let count = 32 * rows * colorType.componentCount
    return try SourcePicture(
      name: name,
      picture: Picture(
        width: 32, height: rows, colorType: colorType,
        samples: (0..<count).map { UInt8((first + $0 / 40) % 200) }))
  }
}

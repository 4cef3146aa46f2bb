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
  private let timings = Mutex(0)

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
      bytes: [UInt8](repeating: UInt8(setting), count: sizes[setting]),
      setting: EncodedFile.Setting(number: setting, text: "\(setting)"))
  }

  func decode(_ file: [UInt8], of source: SourcePicture) throws -> Picture {
    Picture(
      width: source.picture.width, height: source.picture.height,
      colorType: source.picture.colorType, samples: source.picture.samples.map { $0 &+ file[0] },
      alpha: source.picture.alpha)
  }

  /// As many seconds as the setting says, each time a tenth more, on two cores.
  func timeEncode(_ source: SourcePicture, setting: Int) throws -> RunCost? {
    let run = timings.withLock { timings in
      timings += 1
      return timings - 1
    }
    let seconds = Double(setting) + 0.1 * Double(run % 3)
    return RunCost(library: RunTime(seconds: seconds, processorSeconds: 2 * seconds))
  }

  func timeDecode(_ file: [UInt8], of source: SourcePicture) throws -> RunCost? {
    RunCost(library: RunTime(seconds: 0.5, processorSeconds: 0.5))
  }

  /// How often it was timed.
  var timedRuns: Int { timings.withLock { $0 } }
}

extension SourcePicture {
  /// A picture of so many pixels, 32 in a row, with samples that count up from `first`.
  static func small(
    name: String = "small.png", rows: Int = 32, first: Int = 0, colorType: Picture.ColorType = .rgb,
    alpha: [UInt8]? = nil
  ) throws -> SourcePicture {
    let count = 32 * rows * colorType.componentCount
    return try SourcePicture(
      name: name,
      picture: Picture(
        width: 32, height: rows, colorType: colorType,
        samples: (0..<count).map { UInt8((first + $0 / 40) % 200) }, alpha: alpha))
  }
}

package import GQBitstream
import GQModel

/// How large or how good a file shall be.
package enum RateTarget: Sendable, Equatable {
  /// 0 (smallest) to 100 (best): how much error a bit must save, the same for every picture.
  case quality(Double)
  /// At most this many bits per pixel, header included.
  case bitsPerPixel(Double)
  /// At most this many bytes.
  case bytes(Int)

  /// The most bytes that a picture may take; nil for a quality.
  func bytes(_ header: Header) -> Int? {
    switch self {
    case .quality: nil
    case .bitsPerPixel(let rate): Int(rate * Double(header.width * header.height) / 8)
    case .bytes(let count): count
    }
  }
}

/// What becomes of text, screens and drawings.
package enum GraphicsChoice: Sendable, CaseIterable {
  /// Coded without loss where that costs less than what the network would make of it.
  case auto
  /// Left to the network.
  case off
}

/// Choices of an encode.
package struct EncodingOptions: Sendable, Equatable {
  /// About SSIMULACRA2 75 on photographs.
  package static let defaultQuality = 75.0

  /// How large or how good.
  package var target: RateTarget
  /// One level for the whole picture instead of levels chosen by position.
  package var uniform: Bool
  /// 1 (fast) to 9 (thorough): up to 2 nothing is decoded and compared, below 6 pictures from 4 megapixels on are not coded again
  /// for single visible blocks, and from 7 on the errors of `psnr` are measured before levels are chosen. The trellis
  /// has 2^12 states up to 4, 2^13 up to 6, 2^14 up to 8 and 2^16 at 9.
  package var effort: Int
  /// What becomes of text, screens and drawings.
  package var graphics: GraphicsChoice
  /// Whether every sample is kept as it is. The target is then only a limit.
  package var isLossless: Bool
  /// In which order codes stand in the file: `phases` for files that may be cut short.
  package var order: CodeOrder
  /// Whether header and level map stand in the file a second time, for files that may be damaged.
  package var copiesHead: Bool
  /// A file of the same picture of at most ``GQDecoder/previewSide`` pixels a side, to be stored with it for the first look;
  /// nil for none. See ``GQDecoder/preview(of:)``.
  package var preview: [UInt8]?

  /// Options; out-of-range values are refused by the encoder.
  package init(
    target: RateTarget = .quality(EncodingOptions.defaultQuality), uniform: Bool = false,
    effort: Int = 5, graphics: GraphicsChoice = .auto, isLossless: Bool = false,
    order: CodeOrder = .tiles, copiesHead: Bool = false,
    preview: [UInt8]? = nil
  ) {
    self.target = target
    self.uniform = uniform
    self.effort = effort
    self.graphics = graphics
    self.isLossless = isLossless
    self.order = order
    self.copiesHead = copiesHead
    self.preview = preview
  }

  /// Bits of a trellis state: more effort searches a trellis of more states. There are never fewer than the model's steps
  /// need.
  func stateBits(_ c: ModelConfiguration) -> Int {
    let least = (c.levels.joined().joined().map { $0[0] }.max() ?? 0) + 4
    let wanted = c.stateBits + [0, 0, 0, 0, 1, 1, 2, 2, 4][effort - 1]
    return min(max(wanted, least), Header.stateBitCounts.upperBound)
  }

  func check() throws(CodecError) {
    guard (1...9).contains(effort) else {
      throw .badOption(name: "effort", value: "\(effort)", expected: "1 to 9")
    }
    switch target {
    case .quality(let q):
      guard (0...100).contains(q) else {
        throw .badOption(name: "quality", value: "\(q)", expected: "0 to 100")
      }
    case .bitsPerPixel(let rate):
      guard rate > 0, rate <= 1000 else {
        throw .badOption(name: "bits per pixel", value: "\(rate)", expected: "above 0")
      }
    case .bytes(let count):
      guard count > 0 else {
        throw .badOption(name: "size", value: "\(count)", expected: "above 0")
      }
    }
  }
}

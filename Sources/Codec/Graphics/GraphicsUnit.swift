import GQBitstream

/// The two ways in which a unit of graphics is coded, which its first byte tells.
enum GraphicsUnit {
  enum Coding {
    /// For few colours in patterns that come again: `ContextCodedPixels`.
    case contextMixing
    /// For photographs, noise and long repetitions.
    case vp8l
  }

  struct Encoded {
    let bytes: [UInt8]
    /// For every position of the unit, row by row, the bits of its pixels, where the coding tells.
    let positionBits: [Int]?
  }

  /// A unit of RGB samples; nil when it cannot be coded in this way. Inverse: `decode`.
  static func encode(
    _ samples: [UInt8], as coding: Coding, width: Int, height: Int, isGrey: Bool, effort: Int
  ) -> Encoded? {
    switch coding {
    case .contextMixing:
      ContextCodedPixels.encode(samples, width: width, height: height, isGrey: isGrey)
        .map { Encoded(bytes: $0.bytes, positionBits: $0.positionBits) }
    case .vp8l:
      VP8L.encode(samples, width: width, height: height, effort: effort)
        .map { Encoded(bytes: $0, positionBits: nil) }
    }
  }

  /// RGB samples of a unit; nil when it is damaged. Inverse of `encode`.
  static func decode(
    _ bytes: [UInt8], width: Int, height: Int, isGrey: Bool
  ) -> [UInt8]? {
    bytes.first == ContextCodedPixels.signature
      ? ContextCodedPixels.decode(bytes[...], width: width, height: height, isGrey: isGrey)
      : VP8L.decode(bytes[...], width: width, height: height)
  }

  /// Whether this build can decode a unit: Embedded Swift has no libwebp.
  static func isDecodable(_ bytes: [UInt8]) -> Bool {
    #if hasFeature(Embedded)
      bytes.first == ContextCodedPixels.signature
    #else
      true
    #endif
  }
}

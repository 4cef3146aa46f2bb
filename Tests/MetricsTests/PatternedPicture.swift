import GQCodec

/// The pictures of `make_golden.py`, from the same integer formulas.
enum PatternedPicture {
  static func make(
    width: Int, height: Int, components: Int, distortion: String, strength: Int
  ) -> Picture {
    var samples: [UInt8] = []
    samples.reserveCapacity(width * height * components)
    for y in 0..<height {
      for x in 0..<width {
        for c in 0..<components {
          let value =
            switch distortion {
            case "noise": original(x, y, c) + noise(x, y, c, 2) % (2 * strength + 1) - strength
            case "blocks": original(x - x % strength, y - y % strength, c)
            case "brighter": original(x, y, c) + strength
            case "other": noise(x, y, c, 3) % 256
            default: original(x, y, c)
            }
          samples.append(UInt8(clamping: value))
        }
      }
    }
    return Picture(
      width: width, height: height, colorType: components == 3 ? .rgb : .grey, samples: samples)
  }

  private static func noise(_ x: Int, _ y: Int, _ c: Int, _ seed: Int) -> Int {
    var z = (x * 73_856_093 ^ y * 19_349_663 ^ c * 83_492_791 ^ seed * 2_654_435_761) & 0xFFFF_FFFF
    z = ((z ^ (z >> 15)) * 0x2C1B_3C6D) & 0xFFFF_FFFF
    z = ((z ^ (z >> 12)) * 0x297A_2D39) & 0xFFFF_FFFF
    return (z ^ (z >> 15)) & 0xFF_FFFF
  }

  private static func triangle(_ t: Int, _ period: Int) -> Int { abs(t % (2 * period) - period) }

  private static func original(_ x: Int, _ y: Int, _ c: Int) -> Int {
    let value =
      30 + 2 * triangle(x + 2 * y + 31 * c, 64) + triangle(3 * x - y + 100_000, 41)
      + noise(x, y, c, 1) % 16
    return min(max(value, 0), 255)
  }
}

import GQBitstream

/// Numbers that look random and are the same on every run (SplitMix64).
struct RepeatableGenerator: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }
}

/// How the levels of a made-up map vary.
enum MapKind: CaseIterable {
  case equal, smooth, random, extremes
}

func makeMap(
  _ kind: MapKind, columns: Int, rows: Int, levelCount: Int, seed: UInt64 = 1
) -> LevelMap {
  var generator = RepeatableGenerator(state: seed)
  let top = levelCount - 1
  let levels = (0..<columns * rows).map { place -> UInt8 in
    switch kind {
    case .equal: return UInt8(top / 2)
    case .smooth:
      let slope =
        (place % columns + 2 * (place / columns)) / 6 + Int.random(in: 0...1, using: &generator)
      return UInt8(min(top, slope % (top + 1)))
    case .random: return UInt8(Int.random(in: 0...top, using: &generator))
    case .extremes: return Bool.random(using: &generator) ? UInt8(top) : 0
    }
  }
  return LevelMap(columns: columns, rows: rows, levels: levels)
}

/// A coded picture with made-up codes.
func makeCoded(
  width: Int, height: Int, kind: MapKind = .smooth, rateTable: RateTable = RateTable.standard[0],
  tileExponent: Int = 4,
  stateBits: Int = 12, colorType: Header.ColorType = .rgb,
  ancillary: [Chunk] = [], order: CodeOrder = .tiles, hasHeadCopy: Bool = false, seed: UInt64 = 1
) -> CodedPicture {
  let header = Header(
    width: width, height: height, colorType: colorType, tileExponent: tileExponent,
    stateBits: stateBits, seed: seed % 3 * 0x1_0000_0001,
    modelIdentifier: [1, 2, 3, 4, 5, 6, 7, 255])
  let map = makeMap(
    kind, columns: header.columns, rows: header.rows, levelCount: rateTable.levelCount, seed: seed)
  var generator = RepeatableGenerator(state: seed &+ 99)
  let layout = TileLayout(header: header, rateTable: rateTable, levelMap: map, order: order)
  let segments = layout.segments.map { segment in
    var writer = BitWriter()
    for _ in 0..<segment.bitCount {
      writer.write(UInt32.random(in: 0...1, using: &generator), count: 1)
    }
    return writer.finish()
  }
  return CodedPicture(
    header: header, rateTable: rateTable, levelMap: map, order: order, segments: segments,
    ancillary: ancillary,
    hasHeadCopy: hasHeadCopy)
}

/// Kinds of alpha that pictures have.
enum MadeUpAlpha: CaseIterable {
  case opaque, transparent, mask, softDisc, gradient, noise

  func plane(width: Int, height: Int) -> AlphaPlane {
    var generator = RepeatableGenerator(state: UInt64(width * 1000 + height))
    var samples: [UInt8] = []
    for y in 0..<height {
      for x in 0..<width {
        let distance =
          abs(Double(x) - Double(width) / 2) / Double(width)
          + abs(Double(y) - Double(height) / 2) / Double(height)
        switch self {
        case .opaque: samples.append(255)
        case .transparent: samples.append(0)
        case .mask: samples.append(distance < 0.3 ? 255 : 0)
        case .softDisc: samples.append(UInt8(max(0, min(255, (0.4 - distance) * 3000))))
        case .gradient: samples.append(UInt8((x * 3 + y) % 256))
        case .noise: samples.append(UInt8.random(in: 0...255, using: &generator))
        }
      }
    }
    return AlphaPlane(width: width, height: height, samples: samples)
  }
}

/// The binarization of an alpha plane, and the probabilities its decisions are coded with.
///
/// First whether a row is the one above it; if not, for each pixel whether it is the one to its left, the one
/// above it, or else by how much it differs from a prediction. Masks and flat parts cost next to nothing, soft
/// edges a few bits a pixel. `docs/format.md` specifies it.
struct AlphaContexts {
  /// [the row above was such a row]
  private var same = [AdaptiveBit](repeating: AdaptiveBit(), count: 2)
  /// [classes of the four neighbours, which of them are equal]
  private var left = [AdaptiveBit](repeating: AdaptiveBit(), count: 81 * 4)
  private var upper = [AdaptiveBit](repeating: AdaptiveBit(), count: 81 * 4)
  /// [activity, node of the binary tree of eight levels]
  private var difference = [AdaptiveBit](repeating: AdaptiveBit(), count: 7 * 256)
  private var lastWasSame = false

  /// Codes a row, or decodes into it when it is not `known`: `coder` is given each decision (false when
  /// decoding) with its probability and returns what was decided.
  mutating func code(
    _ row: inout [UInt8], above: [UInt8], known: Bool,
    _ coder: (Bool, inout AdaptiveBit) -> Bool
  ) {
    let isSame = coder(known && row == above, &same[lastWasSame ? 1 : 0])
    lastWasSame = isSame
    if isSame {
      row = above
      return
    }
    for x in row.indices {
      let n = above[x]
      let w = x > 0 ? row[x - 1] : n
      let nw = x > 0 ? above[x - 1] : n
      let ne = x + 1 < row.count ? above[x + 1] : n
      let kinds = ((Self.kind(w) * 3 + Self.kind(n)) * 3 + Self.kind(nw)) * 3 + Self.kind(ne)
      let context = kinds * 4 + (w == n ? 2 : 0) + (n == nw ? 1 : 0)
      let value = row[x]
      if coder(known && value == w, &left[context]) {
        row[x] = w
      } else if n != w, coder(known && value == n, &upper[context]) {
        row[x] = n
      } else {
        row[x] = codeDifference(
          known ? value : nil, w: Int(w), n: Int(n), nw: Int(nw), coder)
      }
    }
  }

  /// Transparent, between, opaque.
  private static func kind(_ value: UInt8) -> Int { value == 0 ? 0 : value == 255 ? 2 : 1 }

  private static let activityBounds = [2, 4, 7, 12, 24, 64]

  private mutating func codeDifference(
    _ value: UInt8?, w: Int, n: Int, nw: Int, _ coder: (Bool, inout AdaptiveBit) -> Bool
  ) -> UInt8 {
    // A plane through the neighbours: soft edges are slopes.
    let prediction = UInt8(min(max(w + n - nw, 0), 255))
    let spread = abs(w - n) + abs(n - nw)
    let activity = Self.activityBounds.count { spread >= $0 }
    let wanted = value.map { $0 &- prediction } ?? 0
    var node = 1
    for bit: UInt8 in [7, 6, 5, 4, 3, 2, 1, 0] {
      let isOne = coder(wanted >> bit & 1 == 1, &difference[activity * 256 + node])
      node = 2 * node + (isOne ? 1 : 0)
    }
    return prediction &+ UInt8(truncatingIfNeeded: node)
  }
}

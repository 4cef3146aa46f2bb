/// The binarization of an alpha plane, and the probabilities its decisions are coded with.
///
/// First whether a row is the one above it; if not, for each pixel whether it is the one to its left, the one
/// above it, or else by how much it differs from a prediction. Masks and flat parts cost next to nothing, soft
/// edges a few bits a pixel. `docs/format.md` specifies it.
struct AlphaContexts: ~Copyable {
  private let states = ContextMixer(states: StatePlace.count)
  private var lastWasSame = false

  /// Codes a row, or decodes into it.
  mutating func code(_ row: inout [UInt8], above: [UInt8], _ coder: inout some DecisionCoder) {
    let isSame = states.code(
      row == above, state: StatePlace.same + (lastWasSame ? 1 : 0), &coder)
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
      if states.code(value == w, state: StatePlace.left + context, &coder) {
        row[x] = w
      } else if n != w, states.code(value == n, state: StatePlace.upper + context, &coder) {
        row[x] = n
      } else {
        row[x] = codeDifference(value, w: Int(w), n: Int(n), nw: Int(nw), &coder)
      }
    }
  }

  /// Transparent, between, opaque.
  private static func kind(_ value: UInt8) -> Int { value == 0 ? 0 : value == 255 ? 2 : 1 }

  private static let activityBounds = [2, 4, 7, 12, 24, 64]

  private func codeDifference(
    _ value: UInt8, w: Int, n: Int, nw: Int, _ coder: inout some DecisionCoder
  ) -> UInt8 {
    // A plane through the neighbours: soft edges are slopes.
    let prediction = UInt8(min(max(w + n - nw, 0), 255))
    let spread = abs(w - n) + abs(n - nw)
    let activity = Self.activityBounds.count { spread >= $0 }
    let wanted = value &- prediction
    var node = 1
    for bit: UInt8 in [7, 6, 5, 4, 3, 2, 1, 0] {
      let isOne = states.code(
        wanted >> bit & 1 == 1, state: StatePlace.difference + activity * 256 + node, &coder)
      node = 2 * node + (isOne ? 1 : 0)
    }
    return prediction &+ UInt8(truncatingIfNeeded: node)
  }
}

/// Where the states of decisions begin.
private enum StatePlace {
  /// By whether the row above was such a row.
  static let same = 0
  /// By the classes of the four neighbours and which of them are equal.
  static let left = same + 2
  static let upper = left + 81 * 4
  /// By activity and the node of the binary tree of eight levels.
  static let difference = upper + 81 * 4
  static let count = difference + 7 * 256
}

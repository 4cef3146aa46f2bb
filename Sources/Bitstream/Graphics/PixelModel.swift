/// A context-mixing model of the pixels of text, screens and drawings: whether a pixel has the colour that followed the same
/// neighbours before, or that of a neighbour; if not, an escape and the bits of its colour.
///
/// A colour is red << 16 | green << 8 | blue. `docs/format.md`, section 4.5, specifies every operation.
struct PixelModel<Coder: DecisionCoder>: ~Copyable {
  var coder: Coder
  /// Pixels so far whose colour was not predicted.
  private(set) var escapeCount = 0
  /// Bits of each position of the row of positions that was begun last, when encoding.
  private(set) var positionBits: [Int]

  private let width: Int
  private let isGrey: Bool
  private let states: ContextMixer
  /// Three hash tables of what followed the same neighbours: a colour in the lower 24 bits, and how often in a row above them.
  private let predictions: UnsafeMutablePointer<UInt32>
  /// The last four rows with margins, and for each pixel the length of the run of its colour that ends with it.
  private let colours: UnsafeMutablePointer<UInt32>
  private let runs: UnsafeMutablePointer<Int32>
  /// Binary logarithm of the length of a table.
  private let tableBits: UInt32
  /// The colour of the last uniform neighbourhood, and the last that was not predicted.
  private var background: UInt32 = 0
  private var lastEscape: UInt32 = 0

  private static var margin: Int { 6 }

  init(coder: Coder, width: Int, height: Int, isGrey: Bool) {
    self.coder = coder
    self.width = width
    self.isGrey = isGrey
    positionBits = [Int](repeating: 0, count: (width + Header.stride - 1) / Header.stride)
    var bits: UInt32 = 10
    while bits < 18, 1 << bits < width * height { bits += 1 }
    tableBits = bits
    states = ContextMixer(
      states: StatePlace.tables + StatePlace.tableCount << bits, weights: WeightPlace.count)
    predictions = .allocate(capacity: 3 << bits)
    predictions.initialize(repeating: 0, count: 3 << bits)
    let count = 4 * (width + 2 * Self.margin)
    colours = .allocate(capacity: count)
    colours.initialize(repeating: 0, count: count)
    runs = .allocate(capacity: count)
    runs.initialize(repeating: 0, count: count)
  }

  deinit {
    predictions.deallocate()
    colours.deallocate()
    runs.deallocate()
  }

  /// Codes row `y`, rows being coded from above, or decodes it into `row`.
  mutating func code(row: UnsafeMutableBufferPointer<UInt32>, _ y: Int) {
    let stride = width + 2 * Self.margin
    func start(_ above: Int) -> Int { (y + 4 - above) % 4 * stride + Self.margin }
    let c = Rows(
      this: colours + start(0), above: colours + start(1), second: colours + start(2),
      third: colours + start(3))
    let (r0, r1, r2, r3) = (runs + start(0), runs + start(1), runs + start(2), runs + start(3))
    if y % Header.stride == 0 { for k in positionBits.indices { positionBits[k] = 0 } }
    var bitCount = coder.bitCount
    // The left margin of a row is the first colour of the one above, the right one its own last colour.
    for k in 1...Self.margin {
      c.this[-k] = c.above[0]
      r0[-k] = Int32(Self.margin + 1 - k)
    }
    for x in 0..<width {
      let left = c.this[x - 1]
      let given = Coder.isDecoder ? 0 : row[x]
      // Eighteen neighbours have one colour.
      let isUniform =
        r0[x - 1] >= 4 && c.above[x] == left && r1[x + 3] >= 7 && c.second[x] == left
        && r2[x + 3] >= 6 && c.third[x] == left && r3[x + 1] >= 3
      var colour = left
      if isUniform {
        background = left
        let state = StatePlace.uniform + Int((left &* goldenRatio) >> 24)
        if !states.code(given == left, state: state, &coder) {
          colour = codeByNeighbours(given, c, x, excluded: left)
        }
      } else {
        colour = codeByNeighbours(given, c, x, excluded: none)
      }
      c.this[x] = colour
      r0[x] = colour == left ? r0[x - 1] + 1 : 1
      if Coder.isDecoder {
        row[x] = colour
      } else if x % Header.stride == Header.stride - 1 || x == width - 1 {
        positionBits[x / Header.stride] += coder.bitCount - bitCount
        bitCount = coder.bitCount
      }
    }
    for k in 0..<Self.margin {
      c.this[width + k] = c.this[width - 1]
      r0[width + k] = r0[width + k - 1] + 1
    }
  }

  /// Codes a pixel by what is predicted from its neighbours; `excluded` is a colour that it does not have.
  @inline(never)
  private mutating func codeByNeighbours(
    _ given: UInt32, _ c: Rows, _ x: Int, excluded: UInt32
  ) -> UInt32 {
    let n = Neighbours(c, x)
    let places = (
      slot(hash(n.eighteen, 0)), slot(hash(n.nine, 0)) + 1 << tableBits,
      slot(hash(n.four, 0)) + 2 << tableBits
    )
    let found = (predictions[places.0], predictions[places.1], predictions[places.2])
    let colour =
      codePredicted(given, n, found, excluded: excluded) ?? codeEscape(given, n)
    learn(places.0, found.0, colour)
    learn(places.1, found.1, colour)
    learn(places.2, found.2, colour)
    return colour
  }

  /// Codes whether the colour is one of three at most that are predicted, the likeliest first; nil when it is none.
  @inline(__always)
  private mutating func codePredicted(
    _ given: UInt32, _ n: Neighbours, _ found: (UInt32, UInt32, UInt32), excluded: UInt32
  ) -> UInt32? {
    var (first, second) = (none, none)  // Colours that it is not.
    var rank = 0
    for source in 0..<8 {
      let colour: UInt32 =
        switch source {
        case 0: predicted(found.0)
        case 1: predicted(found.1)
        case 2: predicted(found.2)
        case 3: n.left
        case 4: n.above
        case 5: n.aboveLeft
        case 6: n.aboveRight
        default: n.secondLeft
        }
      if colour == none || colour == excluded || colour == first || colour == second { continue }
      func confidence(_ found: UInt32) -> Int {
        found & 0xFF_FFFF == colour ? Int(min(found >> 24, 7)) : 0
      }
      let confidences = (confidence(found.0), confidence(found.1), confidence(found.2))
      let key = colour &+ UInt32(rank) << 24
      states.places[0] = StatePlace.equality + rank * 64 + n.equalities(with: colour)
      states.places[1] =
        StatePlace.confidences + rank * 512 + confidences.0 * 64 + confidences.1 * 8 + confidences.2
      states.places[2] = StatePlace.table(0, tableBits) + slot(hash(hash(n.eighteen, 0), key))
      states.places[3] = StatePlace.table(1, tableBits) + slot(hash(n.two, key))
      let set =
        rank * 16 + (confidences.0 > 0 ? 8 : 0) + min(confidences.1, 3) * 2
        + (confidences.2 > 0 ? 1 : 0)
      if states.code(
        given == colour, mixing: 4, weights: WeightPlace.predicted + set * 4, &coder)
      {
        return colour
      }
      rank += 1
      if rank == 1 { first = colour } else { second = colour }
      if rank == 3 { break }
    }
    return nil
  }

  /// Codes the bits of a colour: green, red, blue, the most significant first.
  @inline(never)
  private mutating func codeEscape(_ given: UInt32, _ n: Neighbours) -> UInt32 {
    escapeCount += 1
    let green = codeComponent(
      given, component: 0,
      (
        UInt32(n.medianGreen), n.two, n.left, n.diagonals, n.above,
        UInt32(component(lastEscape, 0))
      ))
    var colour = green << 8
    if isGrey {
      colour |= green << 16 | green
    } else {
      var known = hash(0, green + 1)
      for c in 1..<3 {
        let expected = UInt32(expectedComponent(c, colour, n))
        let value = codeComponent(
          given, component: c,
          (
            known, hash(n.left, known), hash(background, expected), hash(background, known),
            expected,
            hash(n.above, known)
          ))
        colour |= value << (c == 1 ? 16 : 0)
        known = hash(known, value + 1)
      }
    }
    lastEscape = colour
    return colour
  }

  /// Red or blue of the blend between the background and the last escape whose green is as given.
  private func expectedComponent(_ c: Int, _ colour: UInt32, _ n: Neighbours) -> Int32 {
    let green = component(colour, 0)
    let step = component(lastEscape, 0) - component(background, 0)
    let expected =
      if step != 0 {
        component(background, c) + (green - component(background, 0))
          * (component(lastEscape, c) - component(background, c)) / step
      } else {
        component(n.left, c) + green - component(n.left, 0)
      }
    return min(max(expected, 0), 255)
  }

  @inline(__always)
  private mutating func codeComponent(
    _ given: UInt32, component c: Int,
    _ contexts: (UInt32, UInt32, UInt32, UInt32, UInt32, UInt32)
  ) -> UInt32 {
    let value = component(given, c)
    var node = 1
    for bit in Swift.stride(from: 7, through: 0, by: -1) {
      let number = c * 256 + node
      func place(_ table: Int, _ context: UInt32) -> Int {
        StatePlace.table(2 + table, tableBits) + slot(hash(hash(context, 0), UInt32(number)))
      }
      states.places[0] = StatePlace.bits + number
      states.places[1] = place(0, contexts.0)
      states.places[2] = place(1, contexts.1)
      states.places[3] = place(2, contexts.2)
      states.places[4] = place(3, contexts.3)
      states.places[5] = place(4, contexts.4)
      states.places[6] = place(5, contexts.5)
      let isSet = states.code(
        value >> Int32(bit) & 1 == 1, mixing: 7, weights: WeightPlace.bits + (c * 8 + bit) * 7,
        &coder)
      node = 2 * node + (isSet ? 1 : 0)
    }
    return UInt32(node & 255)
  }

  /// The place in a table of a hash.
  @inline(__always)
  private func slot(_ hash: UInt32) -> Int { Int((hash &* 0x85EB_CA6B) >> (32 - tableBits)) }

  @inline(__always)
  private func predicted(_ found: UInt32) -> UInt32 { found >> 24 > 0 ? found & 0xFF_FFFF : none }

  /// Stores what followed; a colour that was right before counts one more.
  @inline(__always)
  private func learn(_ place: Int, _ found: UInt32, _ colour: UInt32) {
    let count = found & 0xFF_FFFF == colour ? min(found >> 24 + 1, 255) : 1
    predictions[place] = colour | count << 24
  }
}

/// No colour.
private let none = UInt32.max
private let goldenRatio: UInt32 = 0x9E37_79B1

@inline(__always)
private func hash(_ a: UInt32, _ b: UInt32) -> UInt32 {
  let product = (a ^ b) &* goldenRatio
  return product ^ product >> 15
}

/// Green, red or blue of a colour, by 0, 1, 2.
@inline(__always)
private func component(_ colour: UInt32, _ c: Int) -> Int32 {
  Int32(colour >> (c == 0 ? 8 : c == 1 ? 16 : 0) & 255)
}

/// Where the states of decisions begin.
private enum StatePlace {
  static let uniform = 0
  static let equality = uniform + 256
  static let confidences = equality + 3 * 64
  static let bits = confidences + 3 * 512
  static let tables = bits + 3 * 256
  /// Two for predicted colours, six for the bits of escapes.
  static let tableCount = 8

  static func table(_ number: Int, _ bits: UInt32) -> Int { tables + number << bits }
}

/// Where the weights of decisions begin.
private enum WeightPlace {
  static let predicted = 0
  static let bits = predicted + 3 * 16 * 4
  static let count = bits + 3 * 8 * 7
}

/// A row and the three above it.
private struct Rows {
  let this: UnsafeMutablePointer<UInt32>
  let above: UnsafeMutablePointer<UInt32>
  let second: UnsafeMutablePointer<UInt32>
  let third: UnsafeMutablePointer<UInt32>
}

/// Colours around a pixel, and sums of 2, 4, 9 and 18 of them, times powers of an odd number.
private struct Neighbours {
  let left, above, aboveLeft, aboveRight, secondLeft, secondAbove: UInt32
  let two, four, nine, eighteen: UInt32

  @inline(__always)
  init(_ c: Rows, _ x: Int) {
    left = c.this[x - 1]
    above = c.above[x]
    aboveLeft = c.above[x - 1]
    aboveRight = c.above[x + 1]
    secondLeft = c.this[x - 2]
    secondAbove = c.second[x]
    two = left &* Self.power(1) &+ above &* Self.power(2)
    four = two &+ aboveLeft &* Self.power(3) &+ aboveRight &* Self.power(4)
    let third = secondLeft &* Self.power(5) &+ secondAbove &* Self.power(6)
    let fourth =
      c.second[x - 1] &* Self.power(7) &+ c.second[x + 1] &* Self.power(8)
      &+ c.above[x - 2] &* Self.power(9)
    nine = four &+ third &+ fourth
    let fifth =
      c.above[x + 2] &* Self.power(10) &+ c.this[x - 3] &* Self.power(11)
      &+ c.third[x] &* Self.power(12)
    let sixth =
      c.second[x + 2] &* Self.power(13) &+ c.second[x - 2] &* Self.power(14)
      &+ c.above[x + 3] &* Self.power(15)
    let seventh =
      c.above[x - 3] &* Self.power(16) &+ c.this[x - 4] &* Self.power(17)
      &+ c.third[x + 1] &* Self.power(18)
    eighteen = nine &+ fifth &+ sixth &+ seventh
  }

  @inline(__always)
  private static func power(_ exponent: Int) -> UInt32 {
    var power: UInt32 = 1
    for _ in 0..<exponent { power &*= goldenRatio }
    return power
  }

  /// Green of the left, the one above and what goes on from both, whichever is in the middle (LOCO-I).
  var medianGreen: Int32 {
    let (a, b, c) = (component(left, 0), component(above, 0), component(aboveLeft, 0))
    return max(min(a, b), min(max(a, b), a + b - c))
  }

  var diagonals: UInt32 { aboveLeft &* Self.power(1) &+ aboveRight &* Self.power(2) }

  /// Which of six neighbours have a colour, as bits.
  @inline(__always)
  func equalities(with colour: UInt32) -> Int {
    (colour == left ? 1 : 0) | (colour == above ? 2 : 0) | (colour == aboveLeft ? 4 : 0)
      | (colour == aboveRight ? 8 : 0) | (colour == secondLeft ? 16 : 0)
      | (colour == secondAbove ? 32 : 0)
  }
}

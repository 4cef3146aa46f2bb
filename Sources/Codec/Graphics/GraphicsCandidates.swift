import GQBitstream
import GQModel

/// Which positions could be graphics, found while a picture is read: few colours, one of them a third of the time, or most pixels
/// as the one above or to the left.
struct GraphicsCandidates {
  private let header: Header
  private let pool: WorkerPool
  private(set) var mask: [Bool]
  /// About how many bits the pixels of each candidate take without loss, before what units have in common is known.
  private(set) var bits: [Float]
  /// Which candidates seem to have some of a photograph in them: many colours, hardly one of them twice but for the commonest.
  private(set) var isMixed: [Bool]
  private var row = 0
  /// Rows that do not make a row of positions yet.
  private var waiting: [UInt8] = []

  /// The most colours of a candidate of which one takes a third, or most of whose pixels repeat a neighbour.
  private static let mostColours = 96
  /// The most colours of any candidate.
  private static let fewColours = 8
  /// Anti-aliased text has no more colours than this.
  private static let textColours = 32

  init(header: Header, pool: WorkerPool) {
    self.header = header
    self.pool = pool
    mask = [Bool](repeating: false, count: header.rows * header.columns)
    bits = [Float](repeating: 0, count: mask.count)
    isMixed = mask
  }

  /// Takes whole rows of the picture.
  mutating func push(_ samples: [UInt8], components: Int) {
    let stride = Header.stride
    let length = header.width * components
    let part = waiting.isEmpty ? samples : waiting + samples
    let known = part.count / length
    let isLast = row * stride + known == header.height
    let rows = isLast ? known : known / stride * stride
    waiting = Array(part[(rows * length)...])
    let (header, first) = (header, row * header.columns)
    row += (rows + stride - 1) / stride
    mask.withUnsafeMutableBufferPointer { mask in
      bits.withUnsafeMutableBufferPointer { bits in
        isMixed.withUnsafeMutableBufferPointer { isMixed in
          let targets = (Disjoint(mask), Disjoint(bits), Disjoint(isMixed))
          pool.forEachPart(of: row * header.columns - first, length: 32) { positions in
            for position in positions {
              let (row, column) = position.quotientAndRemainder(dividingBy: header.columns)
              (
                targets.0.value[first + position], targets.1.value[first + position],
                targets.2.value[first + position]
              ) = Self.judge(
                part, length: length, components: components,
                rows: row * stride..<min(rows, (row + 1) * stride),
                columns: column * stride..<min(header.width, (column + 1) * stride))
            }
          }
        }
      }
    }
  }

  private static func judge(
    _ part: [UInt8], length: Int, components: Int, rows: Range<Int>, columns: Range<Int>
  ) -> (isCandidate: Bool, bits: Float, isMixed: Bool) {
    // An open hash table of colours and their numbers.
    let judged = withUnsafeTemporaryAllocation(of: UInt32.self, capacity: 512) {
      table -> (Bool, Float, Bool)? in
      for k in 0..<512 { table[k] = 0 }
      // Fresh is what neither the pixel to the left nor the one above tells.
      var (colours, largest, fresh) = (0, UInt32(0), 0)
      for y in rows {
        var last = UInt32.max
        for x in columns {
          let place = y * length + x * components
          var colour = UInt32(part[place])
          if components == 3 {
            colour |= UInt32(part[place + 1]) << 8 | UInt32(part[place + 2]) << 16
          }
          if colour != last {
            last = colour
            let isAsAbove =
              y > rows.lowerBound
              && part[place..<place + components].elementsEqual(
                part[place - length..<place - length + components])
            if !isAsAbove { fresh += 1 }
          }
          var slot = Int((colour &* 0x9E37_79B1) >> 24)
          while table[2 * slot + 1] != 0, table[2 * slot] != colour { slot = (slot + 1) & 255 }
          if table[2 * slot + 1] == 0 {
            colours += 1
            if colours > mostColours { return nil }
          }
          table[2 * slot] = colour
          table[2 * slot + 1] += 1
          largest = max(largest, table[2 * slot + 1])
        }
      }
      let pixels = rows.count * columns.count
      let isCandidate =
        colours <= fewColours || Int(largest) * 3 >= pixels || fresh * 2 <= pixels
      let isMixed =
        colours > textColours && colours * 2 > pixels - Int(largest)
        && !isInk(table, ground: largest, pixels: pixels)
      return (isCandidate, Float(max(0, fresh - 1)) * 4 + 2, isMixed)
    }
    return judged
      ?? (
        false,
        residualBits(part, length: length, components: components, rows: rows, columns: columns),
        false
      )
  }

  /// Whether colours are those of smoothed text: blends of a ground and an ink, which a fourth of the other pixels have.
  ///
  /// - Parameters:
  ///   - table: 256 colours, each with the number of its pixels behind it.
  ///   - ground: the largest of these numbers.
  private static func isInk(
    _ table: UnsafeMutableBufferPointer<UInt32>, ground: UInt32, pixels: Int
  ) -> Bool {
    func components(_ colour: UInt32) -> SIMD3<Int32> {
      SIMD3(Int32(colour & 255), Int32(colour >> 8 & 255), Int32(colour >> 16))
    }
    let slots = (0..<256).filter { table[2 * $0 + 1] > 0 }
    guard let first = slots.first(where: { table[2 * $0 + 1] == ground }) else { return false }
    let origin = components(table[2 * first])
    func square(_ x: SIMD3<Int32>) -> Int { Int((x &* x).wrappedSum()) }
    let offsets = slots.map { components(table[2 * $0]) &- origin }
    let ink = offsets.max { square($0) < square($1) } ?? .zero
    var dark = 0
    for (slot, offset) in zip(slots, offsets) {
      let along = Int((offset &* ink).wrappedSum())
      // Further than this many levels from the line between the two.
      if square(offset) * square(ink) - along * along > blendTolerance * square(ink) {
        return false
      }
      if 8 * along >= 7 * square(ink) { dark += Int(table[2 * slot + 1]) }
    }
    return 4 * dark >= pixels - Int(ground)
  }

  /// Squared distance of a blend of two colours from the line between them, in levels.
  private static let blendTolerance = 12

  /// About how many bits the pixels of many colours take: those of what the pixel to the left does not say, of every fourth row.
  private static func residualBits(
    _ part: [UInt8], length: Int, components: Int, rows: Range<Int>, columns: Range<Int>
  ) -> Float {
    var (bits, seen) = (0, 0)
    part.withUnsafeBufferPointer { part in
      for y in stride(from: rows.lowerBound, to: rows.upperBound, by: 4) {
        let line = y * length
        for x in columns where x > 0 {
          let place = line + x * components
          func change(_ c: Int) -> Int { Int(part[place + c]) - Int(part[place + c - components]) }
          // Green, and by how much the others differ from its change.
          let main = change(components / 2)
          bits += Int.bitWidth - (2 * abs(main)).leadingZeroBitCount
          if components == 3 {
            bits += Int.bitWidth - (2 * abs(change(0) - main)).leadingZeroBitCount
            bits += Int.bitWidth - (2 * abs(change(2) - main)).leadingZeroBitCount
          }
          seen += 1
        }
      }
    }
    return seen == 0 ? 0 : Float(bits) * Float(rows.count * columns.count) / Float(seen)
  }
}

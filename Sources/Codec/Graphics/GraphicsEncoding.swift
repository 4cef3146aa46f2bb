import GQBitstream
import GQModel

/// Which positions could be graphics, found while a picture is read: few colours, one of them most of the time, long stretches of
/// one, or lines that repeat.
struct GraphicsCandidates {
  private let header: Header
  private(set) var mask: [Bool]
  /// About how many bits the pixels of each candidate take without loss, before what units have in common is known.
  private(set) var bits: [Float]
  private var row = 0
  /// Rows that do not make a row of positions yet.
  private var waiting: [UInt8] = []

  /// The most colours of a candidate of which one takes a third, or that stand in stretches of two and more.
  private static let mostColours = 96
  /// The most colours of any candidate.
  private static let fewColours = 8

  init(header: Header) {
    self.header = header
    mask = [Bool](repeating: false, count: header.rows * header.columns)
    bits = [Float](repeating: 0, count: mask.count)
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
    for top in Swift.stride(from: 0, to: rows, by: stride) {
      for column in 0..<header.columns {
        let (isCandidate, estimate) = Self.judge(
          part, length: length, components: components, rows: top..<min(rows, top + stride),
          columns: column * stride..<min(header.width, (column + 1) * stride))
        mask[row * header.columns + column] = isCandidate
        bits[row * header.columns + column] = estimate
      }
      row += 1
    }
  }

  private static func judge(
    _ part: [UInt8], length: Int, components: Int, rows: Range<Int>, columns: Range<Int>
  ) -> (Bool, Float) {
    // An open hash table of colours and their numbers.
    let judged = withUnsafeTemporaryAllocation(of: UInt32.self, capacity: 512) {
      table -> (Bool, Float)? in
      for k in 0..<512 { table[k] = 0 }
      var (colours, largest, changes) = (0, UInt32(0), 0)
      var repeatsRows = true
      for y in rows {
        var last = UInt32.max
        let line = y * length + columns.lowerBound * components
        let next = line + columns.count * components
        if y > rows.lowerBound, repeatsRows {
          repeatsRows = part[line..<next].elementsEqual(part[line - length..<next - length])
        }
        for x in columns {
          let place = y * length + x * components
          var colour = UInt32(part[place])
          if components == 3 {
            colour |= UInt32(part[place + 1]) << 8 | UInt32(part[place + 2]) << 16
          }
          if colour != last {
            changes += 1
            last = colour
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
      // Ramps along rows or columns are repetitions too.
      let isCandidate =
        colours <= fewColours || Int(largest) * 3 >= pixels || repeatsRows || changes == rows.count
        || changes * 2 <= pixels
      // A row that repeats the one above costs next to nothing.
      let changing = repeatsRows ? changes / rows.count - 1 : changes - rows.count
      return (isCandidate, Float(changing) * 4 + 2)
    }
    return judged
      ?? (
        false,
        residualBits(part, length: length, components: components, rows: rows, columns: columns)
      )
  }

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

  /// Takes in areas that are no candidates where that is expected to take fewer bits than a network's codes for them.
  ///
  /// - Parameter coded: for every position the bits of the network's codes.
  mutating func fillHoles(coded: [Int]) {
    var isSeen = mask
    for start in mask.indices where !isSeen[start] {
      let area = Self.area(from: start, header, &isSeen)
      let codes = area.reduce(0) { $0 + coded[$1] }
      if Float(codes) > area.reduce(0, { $0 + bits[$1] }) {
        for place in area { mask[place] = true }
      }
    }
  }

  /// The positions that hang together with one and are not seen yet, which they are then.
  private static func area(from start: Int, _ header: Header, _ isSeen: inout [Bool]) -> [Int] {
    isSeen[start] = true
    var area = [start]
    var next = 0
    while next < area.count {
      for place in header.neighbours(of: area[next]) where !isSeen[place] {
        isSeen[place] = true
        area.append(place)
      }
      next += 1
    }
    return area
  }

  /// Forgets connected areas of fewer positions, and areas that `isWorth` does not want.
  mutating func keepAreas(atLeast least: Int, _ isWorth: ([Int]) -> Bool) {
    var isSeen = mask.map { !$0 }
    for start in mask.indices where !isSeen[start] {
      let area = Self.area(from: start, header, &isSeen)
      if area.count < least || !isWorth(area) {
        for place in area { mask[place] = false }
      }
    }
  }
}

extension Header {
  /// The positions above, below, to the left and to the right of one.
  fileprivate func neighbours(of place: Int) -> [Int] {
    let column = place % columns
    var found: [Int] = []
    if place >= columns { found.append(place - columns) }
    if place + columns < rows * columns { found.append(place + columns) }
    if column > 0 { found.append(place - 1) }
    if column + 1 < columns { found.append(place + 1) }
    return found
  }
}

extension GraphicsLayer {
  /// The layer of a mask over a picture, which is read once more.
  ///
  /// - Throws: `CodecError.outOfMemory`, and what the source throws.
  init(
    _ source: some PictureSource, header: Header, mask: [Bool], effort: Int, pool: WorkerPool
  ) throws {
    var pixels = GraphicsPixels(header: header, mask: mask)
    let components = source.colorType.componentCount
    try source.forEachRows(GridBlocks.side * Header.stride) {
      pixels.push($0, components: components)
    }
    let (places, samples) = (pixels.places, pixels.samples)
    var units = [[UInt8]?](repeating: nil, count: places.count)
    units.withUnsafeMutableBufferPointer { units in
      let units = Disjoint(units)
      pool.forEach(places.count) { number in
        units.value[number] = VP8L.encode(
          samples[number], width: places[number].width(in: header),
          height: places[number].height(in: header), effort: effort)
      }
    }
    let made = units.compactMap { $0 }
    guard made.count == places.count else { throw CodecError.outOfMemory }
    self.init(header: header, mask: mask, units: made)
  }

  /// The layer that pays: where coding without loss costs less than what the network is expected to make of it.
  ///
  /// - Parameters:
  ///   - candidates: of the picture.
  ///   - costs: for every position the least of error + lambda * bits over the levels.
  ///   - coded: for every position the bits of that level.
  ///   - lambda: error that a bit is worth.
  /// - Returns: nil when no area pays.
  static func chosen(
    _ source: some PictureSource, header: Header, candidates: GraphicsCandidates, costs: [Double],
    coded: [Int], lambda: Double, effort: Int, pool: WorkerPool
  ) throws -> GraphicsLayer? {
    var candidates = candidates
    let least = min(leastArea, header.rows * header.columns)
    let bits = candidates.bits
    candidates.keepAreas(atLeast: least) { area in
      let expected = area.reduce(0) { $0 + costs[$1] }
      return expected > lambda * area.reduce(0) { $0 + Double(bits[$1]) } / 4
    }
    guard candidates.mask.contains(true) else { return nil }
    let layer = try GraphicsLayer(
      source, header: header, mask: candidates.mask, effort: effort, pool: pool)
    func pays(_ layer: GraphicsLayer) -> Bool {
      let expected = layer.mask.indices.reduce(0) { $0 + (layer.mask[$1] ? costs[$1] : 0) }
      let bits = 8 * layer.byteCount(header).chunk
      return lambda * Double(bits) < 0.95 * expected
    }
    // What bits the candidates take in truth, against the estimate.
    let estimated = layer.mask.indices.reduce(0) { $0 + (layer.mask[$1] ? Double(bits[$1]) : 0) }
    let scale = Double(8 * layer.byteCount(header).chunk) / max(1, estimated)
    var rest = candidates
    rest.keepAreas(atLeast: least) { area in
      let expected = area.reduce(0) { $0 + costs[$1] }
      return expected > lambda * scale * area.reduce(0) { $0 + Double(bits[$1]) }
    }
    let first: GraphicsLayer
    if rest.mask == candidates.mask {
      first = layer
    } else {
      guard rest.mask.contains(true) else { return nil }
      first = try GraphicsLayer(
        source, header: header, mask: rest.mask, effort: effort, pool: pool)
    }
    guard pays(first) else { return nil }
    // What is left between graphics may take fewer bits without loss. By bits alone: at high qualities the errors of
    // photographs would be worth any number of them.
    rest.fillHoles(coded: coded)
    if rest.mask == first.mask { return first }
    let filled = try GraphicsLayer(
      source, header: header, mask: rest.mask, effort: effort, pool: pool)
    func bitCount(_ layer: GraphicsLayer) -> Int {
      8 * layer.byteCount(header).chunk
        + coded.indices.reduce(0) { $0 + (layer.mask[$1] ? 0 : coded[$1]) }
    }
    return bitCount(filled) < bitCount(first) ? filled : first
  }

  /// Areas of fewer positions are left to the network.
  private static let leastArea = 12
}

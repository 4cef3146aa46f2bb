import GQBitstream
import GQModel

/// A layer, and what its parts take.
struct CodedGraphics {
  let layer: GraphicsLayer
  /// For every position of the layer about how many bits its pixels take; zero elsewhere.
  let bits: [Float]

  /// The layer of a mask over a picture, which is read once more.
  ///
  /// - Parameters:
  ///   - outside: what of the mask the network does not see; all of it when nil.
  ///   - estimate: for every position about how its bits compare to those of others; without it they are alike.
  /// - Throws: `CodecError.outOfMemory`, and what the source throws.
  init(
    _ source: some PictureSource, header: Header, mask: [Bool], outside: [Bool]? = nil,
    estimate: [Float]? = nil,
    effort: Int, pool: WorkerPool
  ) throws {
    var pixels = GraphicsPixels(header: header, mask: mask)
    let components = source.colorType.componentCount
    try source.forEachRows(GridBlocks.side * Header.stride) {
      pixels.push($0, components: components)
    }
    let (places, samples) = (pixels.places, pixels.samples)
    func coded(_ units: [(number: Int, coding: GraphicsUnit.Coding)]) -> [GraphicsUnit.Encoded?] {
      var made = [GraphicsUnit.Encoded?](repeating: nil, count: units.count)
      made.withUnsafeMutableBufferPointer { made in
        let made = Disjoint(made)
        pool.forEach(units.count) { k in
          let place = places[units[k].number]
          made.value[k] = GraphicsUnit.encode(
            samples[units[k].number], as: units[k].coding,
            width: place.width(in: header), height: place.height(in: header),
            isGrey: header.colorType.isGrey, effort: effort)
        }
      }
      return made
    }
    var smallest = [GraphicsUnit.Encoded?](repeating: nil, count: places.count)
    func take(_ units: [(number: Int, coding: GraphicsUnit.Coding)]) {
      for (unit, made) in zip(units, coded(units)) {
        guard let made else { continue }
        if let other = smallest[unit.number], other.bytes.count <= made.bytes.count { continue }
        smallest[unit.number] = made
      }
    }
    // VP8L, which takes as long for what is not of the mask, where that is most of a unit only if nothing else will do.
    let dense = places.indices.filter { number in
      let positions = places[number].positions(in: header)
      return Self.sparse * positions.count { mask[$0] } >= positions.count
    }
    take(
      places.indices.map { ($0, .contextMixing) } + dense.map { ($0, .vp8l) })
    take(places.indices.filter { smallest[$0] == nil }.map { ($0, .vp8l) })
    let made = smallest.compactMap { $0 }
    guard made.count == places.count else { throw CodecError.outOfMemory }
    layer = GraphicsLayer(
      header: header, mask: mask, outside: outside, units: made.map(\.bytes))
    let estimate = estimate ?? [Float](repeating: 1, count: mask.count)
    var bits = [Float](repeating: 0, count: mask.count)
    for (place, unit) in zip(places, made) {
      let positions = place.positions(in: header)
      if let known = unit.positionBits {
        for (position, count) in zip(positions, known) where mask[position] {
          bits[position] = Float(count)
        }
      } else {
        let sum = positions.reduce(0) { $0 + (mask[$1] ? estimate[$1] : 0) }
        let scale = Float(8 * unit.bytes.count) / max(1, sum)
        for position in positions where mask[position] {
          bits[position] = scale * estimate[position]
        }
      }
    }
    self.bits = bits
  }

  /// The layer that pays: where coding without loss costs less than what the network is expected to make of it.
  ///
  /// - Parameters:
  ///   - candidates: of the picture.
  ///   - known: positions that are taken in any case.
  ///   - costs: for every position the least of error + lambda * bits over the levels.
  ///   - coded: for every position the bits of that level.
  ///   - failed: which positions are known to cost so much.
  ///   - lambda: error that a bit is worth.
  ///   - textBits: for every position about how many bits its pixels take if what comes again costs nothing; not called where
  ///     there is nothing like graphics.
  /// - Returns: nil when no area pays.
  static func chosen(
    _ source: some PictureSource, header: Header, candidates: GraphicsCandidates, known: [Bool],
    costs: [Double], coded: [Int], failed: [Bool], lambda: Double, effort: Int, pool: WorkerPool,
    textBits: () throws -> [Float]
  ) throws -> GraphicsLayer? {
    func coding(_ mask: [Bool]) throws -> CodedGraphics {
      try CodedGraphics(
        source, header: header, mask: mask, estimate: candidates.bits, effort: effort, pool: pool)
    }
    // Small errors are often smaller than expected: where the network needs few bits, to be exact is not worth many more,
    // unless the failures in an area pay for all of it.
    func pays(_ area: [Int], _ bits: [Float]) -> Bool {
      let area = area.filter { !known[$0] }
      let sum = area.reduce(0) { $0 + Double(bits[$1]) }
      func cost(_ positions: [Int]) -> Double { positions.reduce(0) { $0 + costs[$1] } }
      return cost(area) > lambda * sum
        && (area.reduce(0) { $0 + Double(coded[$1] + bitsForExactness) } >= sum
          || cost(area.filter { failed[$0] }) > lambda * sum)
    }
    var areas = GraphicsAreas(header: header, mask: candidates.mask)
    let least = min(leastArea, header.rows * header.columns)
    let hoped = candidates.bits.map { $0 / 4 }
    areas.keep(atLeast: least) { pays($0, hoped) }
    areas.add(known)
    guard areas.mask != known else { return nil }
    // With the bits that they take in truth.
    var best = try coding(areas.mask)
    areas.trim {
      candidates.isMixed[$0] && lambda * Double(best.bits[$0]) > borderDoubt * costs[$0]
    }
    areas.keep(atLeast: least) { pays($0, best.bits) }
    areas.add(known)
    guard areas.mask != known else { return nil }
    if areas.mask != best.layer.mask { best = try coding(areas.mask) }
    let expected = costs.indices.reduce(0) { $0 + (areas.mask[$1] ? costs[$1] : 0) }
    guard lambda * Double(8 * best.layer.byteCount(header).chunk) < 0.95 * expected else {
      return nil
    }
    // What is left between graphics may take fewer bits without loss. By bits alone: at high qualities the errors of
    // photographs would be worth any number of them.
    func isCheaper(_ area: [Int], _ bits: [Float]) -> Bool {
      area.reduce(0) { $0 + Float(coded[$1]) } > area.reduce(0) { $0 + bits[$1] }
    }
    let between = zip(candidates.bits, try textBits()).map { min($0 / 2, $1) }
    var filled = areas
    filled.fillHoles { isCheaper($0, between) }
    if filled.mask == areas.mask { return best.layer }
    let tried = try coding(filled.mask)
    filled = areas
    filled.fillHoles { area in tried.layer.mask[area[0]] && isCheaper(area, tried.bits) }
    if filled.mask == areas.mask { return best.layer }
    let layer = filled.mask == tried.layer.mask ? tried.layer : try coding(filled.mask).layer
    func bitCount(_ layer: GraphicsLayer) -> Int {
      8 * layer.byteCount(header).chunk
        + coded.indices.reduce(0) { $0 + (layer.mask[$1] ? 0 : coded[$1]) }
    }
    return bitCount(layer) < bitCount(best.layer) ? layer : best.layer
  }

  /// Units of a smaller part of positions of the mask than one in so many are sparse.
  private static let sparse = 16
  /// Where photographs meet graphics the network does worse than expected: its costs count so many times.
  private static let borderDoubt = 1.5
  /// By how many bits a position of graphics may be above the network's.
  private static let bitsForExactness = 32
  /// Areas of fewer positions are left to the network.
  private static let leastArea = 12
}

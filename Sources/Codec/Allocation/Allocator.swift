/// Chooses a level for every position from the errors that the levels make there. Bits that lessen no error are not
/// spent.
struct Allocator {
  /// More bits may err more.
  private let errors: LevelErrors
  private let norm: ErrorNorm
  /// Bits of each level, rising.
  let bits: [Int]
  /// Bytes of the file with a level map.
  let fileSize: ([UInt8]) -> Int

  /// An allocator for estimated errors.
  init(
    errors: LevelErrors, bits: [Int], norm: ErrorNorm, fileSize: @escaping ([UInt8]) -> Int
  ) {
    self.errors = errors
    self.norm = norm
    self.bits = bits
    self.fileSize = fileSize
  }

  private var positionCount: Int { errors.values.count / bits.count }

  private func cost(_ position: Int, _ level: Int) -> Double {
    norm.cost(
      Double(errors.values[position * bits.count + level]), reciprocal: reciprocal(position))
  }

  private func reciprocal(_ position: Int) -> Double { 1 / Double(errors.samples(position)) }

  /// The levels of least cost + lambda * bits; the cheaper of equals.
  func levels(lambda: Double) -> [UInt8] {
    let prices = bits.map { lambda * Double($0) }
    return errors.values.withUnsafeBufferPointer { errors in
      prices.withUnsafeBufferPointer { prices in
        (0..<positionCount).map { position in
          let (first, reciprocal) = (position * prices.count, reciprocal(position))
          var best = 0
          var least = Double.infinity
          for level in 0..<prices.count {
            let error = Double(errors[first + level])
            let cost = norm.cost(error, reciprocal: reciprocal) + prices[level]
            if cost < least { (best, least) = (level, cost) }
          }
          return UInt8(best)
        }
      }
    }
  }

  /// For every position the least of cost + lambda * bits.
  func costs(lambda: Double) -> [Double] {
    let chosen = levels(lambda: lambda)
    return chosen.enumerated().map { position, level in
      cost(position, Int(level)) + lambda * Double(bits[Int(level)])
    }
  }

  /// About the lambda whose levels' file has at most `bytes` bytes; nil when there is none.
  func lambda(atMost bytes: Int) -> Double? {
    var (low, high) = (1e-12, 1e6)
    guard fileSize(levels(lambda: high)) <= bytes else { return nil }
    while high > 1.05 * low {
      let middle = (low * high).squareRoot()
      if fileSize(levels(lambda: middle)) <= bytes { high = middle } else { low = middle }
    }
    return high
  }

  /// The levels of least cost whose file has at most `bytes` bytes.
  ///
  /// - Throws: `CodecError.targetTooSmall` when not even the lowest level everywhere fits.
  func levels(atMost bytes: Int) throws(CodecError) -> [UInt8] {
    let all = levels(lambda: 0)
    if fileSize(all) <= bytes { return all }
    let none = [UInt8](repeating: 0, count: positionCount)
    let smallest = fileSize(none)
    guard smallest <= bytes else {
      throw .targetTooSmall(allowedBytes: bytes, smallestBytes: smallest)
    }
    // The lambda by bisection: `fits` always fits, `over` never.
    var (fits, over) = (none, all)
    var (low, high) = (1e-12, 1e6)
    while true {
      // Roots are exactly rounded everywhere, logarithms are not.
      let middle = (low * high).squareRoot()
      let candidate = levels(lambda: middle)
      if fileSize(candidate) <= bytes {
        (fits, high) = (candidate, middle)
      } else {
        (over, low) = (candidate, middle)
      }
      // What is between the two is taken in the order of its gain.
      if high < 1.01 * low { break }
    }
    return fill(from: fits, towards: over, bytes: bytes)
  }

  /// The same bits everywhere, the next more for as many positions from the top left as fit; of equal bits the
  /// level of least error.
  ///
  /// - Throws: `CodecError.targetTooSmall` when not even the lowest level fits.
  func uniformLevels(atMost bytes: Int) throws(CodecError) -> [UInt8] {
    var base = [UInt8](repeating: 0, count: positionCount)
    let smallest = fileSize(base)
    guard smallest <= bytes else {
      throw .targetTooSmall(allowedBytes: bytes, smallestBytes: smallest)
    }
    for rateLevel in Set(bits).sorted().dropFirst() {
      let next = uniformLevels(bits: rateLevel)
      if fileSize(next) > bytes {
        return mix(base, next, order: Array(0..<positionCount), bytes: bytes)
      }
      base = next
    }
    return base
  }

  /// Everywhere the level of least error among those of these bits.
  func uniformLevels(bits wanted: Int) -> [UInt8] {
    let levels = bits.indices.filter { bits[$0] == wanted }
    return (0..<positionCount).map { position in
      UInt8(levels.min { cost(position, $0) < cost(position, $1) } ?? 0)
    }
  }

  /// Spends what is left between a map that fits and one that does not: first the steps between the two, best
  /// gain per bit first, then single steps anywhere.
  private func fill(from fits: [UInt8], towards over: [UInt8], bytes: Int) -> [UInt8] {
    func gain(_ position: Int, _ from: UInt8, _ to: UInt8) -> Double {
      let saved = cost(position, Int(from)) - cost(position, Int(to))
      let added = bits[Int(to)] - bits[Int(from)]
      return added > 0 ? saved / Double(added) : saved > 0 ? .infinity : -.infinity
    }
    let order = fits.indices.filter { over[$0] != fits[$0] }
      .map { ($0, gain($0, fits[$0], over[$0])) }
      .sorted { ($1.1, $0.0) < ($0.1, $1.0) }
    var levels = mix(fits, over, order: order.map(\.0), bytes: bytes)
    while true {
      let slack = 8 * (bytes - fileSize(levels))
      let steps = levels.indices.compactMap { position -> (Int, UInt8, Double)? in
        let from = levels[position]
        let affordable = bits.indices.filter {
          bits[$0] > bits[Int(from)] && bits[$0] - bits[Int(from)] <= slack
            && gain(position, from, UInt8($0)) > 0
        }
        return affordable.map { (position, UInt8($0), gain(position, from, UInt8($0))) }
          .max { $0.2 < $1.2 }
      }.sorted { ($1.2, $0.0) < ($0.2, $1.0) }
      var changed = false
      for (position, level, _) in steps.prefix(24) {
        let before = levels[position]
        levels[position] = level
        if fileSize(levels) <= bytes {
          changed = true
          break
        }
        levels[position] = before
      }
      if !changed { return levels }
    }
  }

  /// `low` with the longest prefix of `order` raised to `high` that still fits.
  private func mix(_ low: [UInt8], _ high: [UInt8], order: [Int], bytes: Int) -> [UInt8] {
    func mixed(_ count: Int) -> [UInt8] {
      var levels = low
      for position in order.prefix(count) { levels[position] = high[position] }
      return levels
    }
    var (good, bad) = (0, order.count + 1)
    while bad - good > 1 {
      let middle = (good + bad) / 2
      if fileSize(mixed(middle)) <= bytes { good = middle } else { bad = middle }
    }
    return mixed(good)
  }
}

import GQBitstream
import GQModel

/// A step of a tile's path.
package struct PathStep {
  /// A number among some positions.
  package let position: Int
  /// A code of its level.
  package let code: Int
  /// Bits of the code.
  package let bits: UInt8
}

extension CodeTable {
  /// The steps of a group of a phase of a tile, in the order of the path.
  func steps(
    group: Int, _ phase: CodingPhase, levels: [UInt8], positions: [Int]
  ) -> [PathStep] {
    var listed: [PathStep] = []
    for position in positions {
      let widths = widths(levels[position], phase)
      for code in self.group(group, of: widths.count) {
        listed.append(PathStep(position: position, code: code, bits: UInt8(widths[code])))
      }
    }
    let stride = Self.stride(count: listed.count)
    var place = 0
    return listed.indices.map { _ in
      defer { place = (place + stride) % listed.count }
      return listed[place]
    }
  }

  /// The distance, in a list of `count` steps, from one step of the path to the next: about 0.618 of the list, whose
  /// multiples spread evenly, and without a common factor, so that each step comes once.
  static func stride(count: Int) -> Int {
    var stride = (618 * count + 999) / 1000
    while greatestCommonDivisor(stride, count) > 1 { stride += 1 }
    return stride
  }

  private static func greatestCommonDivisor(_ a: Int, _ b: Int) -> Int {
    var (a, b) = (a, b)
    while b != 0 { (a, b) = (b, a % b) }
    return a
  }
}

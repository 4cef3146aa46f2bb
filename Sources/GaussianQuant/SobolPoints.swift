/// Scrambled Sobol points, the same bits as those of PyTorch's `SobolEngine(dimension, scramble: true, seed)`.
///
/// Direction numbers of Joe and Kuo, *Constructing Sobol sequences with better two-dimensional projections*, 2008, a random
/// linear scrambling and a digital shift (Matousek, *On the L2-discrepancy for anchored boxes*, 1998), points in the order
/// of the Gray code. The random bits are the lowest ones of `MersenneTwister`. `docs/codebook.md` gives the same in full.
struct SobolPoints {
  /// Bits of a coordinate.
  static let bitCount = 30

  /// Direction numbers after scrambling, `[dimension, bitCount]`.
  private var directions: [UInt32]
  /// The coordinates of the next point, as integers of `bitCount` bits.
  private(set) var point: [UInt32]
  /// Points before it.
  private var index: UInt32 = 0

  /// Starts at the first point.
  ///
  /// - Parameters:
  ///   - dimension: One of `Codebook.dimensions`.
  ///   - seed: Chooses the scrambling.
  init(dimension: Int, seed: UInt32) {
    var words = MersenneTwister(seed: seed)
    let bits = Self.bitCount
    point = (0..<dimension).map { _ in
      (0..<bits).reduce(0) { $0 | (words.next() & 1) << UInt32($1) }
    }
    directions = []
    directions.reserveCapacity(dimension * bits)
    for d in 0..<dimension {
      // A lower triangular matrix of random bits with ones on its diagonal; the highest bit is the first column.
      let matrix = (0..<bits).map { row -> UInt32 in
        (0..<bits).reduce(0) { bitsOfRow, column in
          let random = words.next() & 1
          let bit = column < row ? random : column == row ? 1 : 0
          return bitsOfRow | bit << UInt32(bits - 1 - column)
        }
      }
      for number in Self.directions(of: d) {
        directions.append(
          (0..<bits).reduce(0) { scrambled, row in
            let parity = UInt32((matrix[row] & number).nonzeroBitCount & 1)
            return scrambled | parity << UInt32(bits - 1 - row)
          })
      }
    }
  }

  /// Goes on to the next point; there are 2^30.
  mutating func advance() {
    let place = (~index).trailingZeroBitCount
    for d in point.indices { point[d] ^= directions[d * Self.bitCount + place] }
    index += 1
  }

  /// The direction numbers of one dimension before scrambling.
  private static func directions(of dimension: Int) -> [UInt32] {
    guard dimension > 0 else { return (0..<bitCount).map { 1 << UInt32(bitCount - 1 - $0) } }
    let (polynomial, initial) = table[dimension - 1]
    let degree = initial.count
    var numbers = initial
    for j in degree..<bitCount {
      var number = numbers[j - degree]
      for k in 1...degree where polynomial >> UInt32(degree - k) & 1 == 1 {
        number ^= numbers[j - k] << UInt32(k)
      }
      numbers.append(number)
    }
    return numbers.enumerated().map { $1 << UInt32(bitCount - 1 - $0) }
  }

  // Copyright (c) 2008, Frances Y. Kuo and Stephen Joe. All rights reserved. Licence: packaging/licenses/joe-kuo.txt.
  /// For dimensions 2 to 64 the primitive polynomial with all its coefficients as bits, and the initial numbers.
  private static let table: [(polynomial: UInt32, initial: [UInt32])] = [
    (3, [1]), (7, [1, 3]), (11, [1, 3, 1]), (13, [1, 1, 1]), (19, [1, 1, 3, 3]),
    (25, [1, 3, 5, 13]),
    (37, [1, 1, 5, 5, 17]), (41, [1, 1, 5, 5, 5]), (47, [1, 1, 7, 11, 19]), (55, [1, 1, 5, 1, 1]),
    (59, [1, 1, 1, 3, 11]), (61, [1, 3, 5, 5, 31]), (67, [1, 3, 3, 9, 7, 49]),
    (91, [1, 1, 1, 15, 21, 21]),
    (97, [1, 3, 1, 13, 27, 49]), (103, [1, 1, 1, 15, 7, 5]), (109, [1, 3, 1, 15, 13, 25]),
    (115, [1, 1, 5, 5, 19, 61]), (131, [1, 3, 7, 11, 23, 15, 103]),
    (137, [1, 3, 7, 13, 13, 15, 69]),
    (143, [1, 1, 3, 13, 7, 35, 63]), (145, [1, 3, 5, 9, 1, 25, 53]),
    (157, [1, 3, 1, 13, 9, 35, 107]),
    (167, [1, 3, 1, 5, 27, 61, 31]), (171, [1, 1, 5, 11, 19, 41, 61]),
    (185, [1, 3, 5, 3, 3, 13, 69]),
    (191, [1, 1, 7, 13, 1, 19, 1]), (193, [1, 3, 7, 5, 13, 19, 59]),
    (203, [1, 1, 3, 9, 25, 29, 41]),
    (211, [1, 3, 5, 13, 23, 1, 55]), (213, [1, 3, 7, 3, 13, 59, 17]),
    (229, [1, 3, 1, 3, 5, 53, 69]),
    (239, [1, 1, 5, 5, 23, 33, 13]), (241, [1, 1, 7, 7, 1, 61, 123]),
    (247, [1, 1, 7, 9, 13, 61, 49]),
    (253, [1, 3, 3, 5, 3, 55, 33]), (285, [1, 3, 1, 15, 31, 13, 49, 245]),
    (299, [1, 3, 5, 15, 31, 59, 63, 97]),
    (301, [1, 3, 1, 11, 11, 11, 77, 249]), (333, [1, 3, 1, 11, 27, 43, 71, 9]),
    (351, [1, 1, 7, 15, 21, 11, 81, 45]),
    (355, [1, 3, 7, 3, 25, 31, 65, 79]), (357, [1, 3, 1, 1, 19, 11, 3, 205]),
    (361, [1, 1, 5, 9, 19, 21, 29, 157]),
    (369, [1, 3, 7, 11, 1, 33, 89, 185]), (391, [1, 3, 3, 3, 15, 9, 79, 71]),
    (397, [1, 3, 7, 11, 15, 39, 119, 27]),
    (425, [1, 1, 3, 1, 11, 31, 97, 225]), (451, [1, 1, 1, 3, 23, 43, 57, 177]),
    (463, [1, 3, 7, 7, 17, 17, 37, 71]),
    (487, [1, 3, 1, 5, 27, 63, 123, 213]), (501, [1, 1, 3, 5, 11, 43, 53, 133]),
    (529, [1, 3, 5, 5, 29, 17, 47, 173, 479]), (539, [1, 3, 3, 11, 3, 1, 109, 9, 69]),
    (545, [1, 1, 1, 5, 17, 39, 23, 5, 343]), (557, [1, 3, 1, 5, 25, 15, 31, 103, 499]),
    (563, [1, 1, 1, 11, 11, 17, 63, 105, 183]), (601, [1, 1, 5, 11, 9, 29, 97, 231, 363]),
    (607, [1, 1, 5, 15, 19, 45, 41, 7, 383]), (617, [1, 3, 7, 7, 31, 19, 83, 137, 221]),
    (623, [1, 1, 1, 3, 23, 15, 111, 223, 83]), (631, [1, 1, 5, 13, 31, 15, 55, 25, 161]),
    (637, [1, 1, 3, 13, 25, 47, 39, 87, 257]),
  ]
}

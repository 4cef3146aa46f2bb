#if canImport(Glibc)
  internal import Glibc
#elseif canImport(Musl)
  internal import Musl
#elseif canImport(Darwin)
  internal import Darwin
#endif

/// What SSIMULACRA2 measures of one channel at one scale: means and 4-norms of three maps.
struct DistortionNorms {
  /// The norms of one map.
  struct Norms {
    /// The mean.
    var mean = 0.0
    /// The fourth root of the mean of fourth powers.
    var fourth = 0.0
  }

  /// Structural dissimilarity.
  private(set) var structure = Norms()
  /// Edges that only the second has.
  private(set) var artifacts = Norms()
  /// Edges that only the first has.
  private(set) var lostDetail = Norms()

  /// Half of the Gaussian window of 11 samples and a standard deviation of 1.5, outermost weight first.
  private static let window: [Float] = {
    let raw = (0...5).map { exp(-Double(($0 - 5) * ($0 - 5)) / (2 * 1.5 * 1.5)) }
    let sum = 2 * raw[0..<5].reduce(0, +) + raw[5]
    return raw.map { Float($0 / sum) }
  }()
  private static let radius = 5
  private static let c2: Float = 0.0009

  /// Compares two channels of at least eight rows.
  ///
  /// Beyond the upper and lower edge the window sees the reflection, beyond the left and right edge zeros, as in the
  /// Python package. Nothing of the picture's size is allocated.
  ///
  /// - Parameter visit: told of every row: its number and the three maps, `width` values each, one behind the other.
  init(
    _ first: [Float], _ second: [Float], width: Int, height: Int,
    visit: ((_ y: Int, _ maps: UnsafePointer<Float>) -> Void)? = nil
  ) {
    precondition(first.count == width * height && second.count == width * height)
    precondition(height > Self.radius)
    let window = Self.window
    let (radius, span) = (Self.radius, 2 * Self.radius + 1)
    let padded = width + 2 * radius
    // Rows of x^2 + y^2 and of x y, as many as the window is high.
    var products = [Float](repeating: 0, count: 2 * span * width)
    var column = [Float](repeating: 0, count: padded)
    // Local means of x, y, x^2 + y^2 and x y.
    var local = [Float](repeating: 0, count: 4 * width)
    var rowSums = [Float](repeating: 0, count: 6)
    var sums = [Double](repeating: 0, count: 6)
    first.withUnsafeBufferPointer { first in
      second.withUnsafeBufferPointer { second in
        products.withUnsafeMutableBufferPointer { products in
          guard let first = first.baseAddress, let second = second.baseAddress,
            let products = products.baseAddress
          else { return }
          var next = 0
          for y in 0..<height {
            while next <= min(y + radius, height - 1) {
              let target = products + (next % span) * 2 * width
              Self.multiply(
                first + next * width, second + next * width, into: target, count: width)
              next += 1
            }
            for quantity in 0..<4 {
              let rows = (0..<span).map { k -> UnsafePointer<Float> in
                var row = y + k - radius
                row = row < 0 ? -1 - row : row >= height ? 2 * height - 1 - row : row
                return switch quantity {
                case 0: first + row * width
                case 1: second + row * width
                default: UnsafePointer(products + ((row % span) * 2 + quantity - 2) * width)
                }
              }
              Self.filterColumns(rows, window, into: &column, count: width)
              Self.filterRow(column, window, into: &local, at: quantity * width, count: width)
            }
            Self.compare(
              first + y * width, second + y * width, &local, sums: &rowSums, count: width)
            for i in 0..<6 { sums[i] += Double(rowSums[i]) }
            if let visit {
              local.withUnsafeBufferPointer { maps in
                if let maps = maps.baseAddress { visit(y, maps) }
              }
            }
          }
        }
      }
    }
    let count = Double(width * height)
    func norms(_ i: Int) -> Norms {
      Norms(mean: sums[2 * i] / count, fourth: pow(sums[2 * i + 1] / count, 0.25))
    }
    (structure, artifacts, lostDetail) = (norms(0), norms(1), norms(2))
  }

  /// Writes the rows x^2 + y^2 and x y one behind the other.
  private static func multiply(
    _ x: UnsafePointer<Float>, _ y: UnsafePointer<Float>, into target: UnsafeMutablePointer<Float>,
    count: Int
  ) {
    let products = target + count
    for i in 0..<count {
      target[i] = x[i] * x[i] + y[i] * y[i]
      products[i] = x[i] * y[i]
    }
  }

  /// Filters down eleven rows, into the middle of a row with zeros at its ends.
  private static func filterColumns(
    _ rows: [UnsafePointer<Float>], _ w: [Float], into target: inout [Float], count: Int
  ) {
    let (w0, w1, w2, w3, w4, w5) = (w[0], w[1], w[2], w[3], w[4], w[5])
    let (r0, r1, r2, r3, r4, r5) = (rows[0], rows[1], rows[2], rows[3], rows[4], rows[5])
    let (r6, r7, r8, r9, r10) = (rows[6], rows[7], rows[8], rows[9], rows[10])
    target.withUnsafeMutableBufferPointer { target in
      guard let target = target.baseAddress.map({ $0 + radius }) else { return }
      for i in 0..<count {
        let outer = w0 * (r0[i] + r10[i]) + w1 * (r1[i] + r9[i]) + w2 * (r2[i] + r8[i])
        let inner = w3 * (r3[i] + r7[i]) + w4 * (r4[i] + r6[i]) + w5 * r5[i]
        target[i] = outer + inner
      }
    }
  }

  /// Filters one row along x: `count + 10` samples give `count`.
  private static func filterRow(
    _ source: [Float], _ w: [Float], into target: inout [Float], at start: Int, count: Int
  ) {
    let (w0, w1, w2, w3, w4, w5) = (w[0], w[1], w[2], w[3], w[4], w[5])
    source.withUnsafeBufferPointer { source in
      target.withUnsafeMutableBufferPointer { target in
        guard let source = source.baseAddress, let target = target.baseAddress.map({ $0 + start })
        else { return }
        for i in 0..<count {
          let s = source + i
          let outer = w0 * (s[0] + s[10]) + w1 * (s[1] + s[9]) + w2 * (s[2] + s[8])
          let inner = w3 * (s[3] + s[7]) + w4 * (s[4] + s[6]) + w5 * s[5]
          target[i] = outer + inner
        }
      }
    }
  }

  /// Adds up the maps of one row and their fourth powers. Overwrites the local means with the maps.
  private static func compare(
    _ x: UnsafePointer<Float>, _ y: UnsafePointer<Float>, _ local: inout [Float],
    sums: inout [Float], count: Int
  ) {
    local.withUnsafeMutableBufferPointer { local in
      guard let mean1 = local.baseAddress else { return }
      let (mean2, squares, products) = (mean1 + count, mean1 + 2 * count, mean1 + 3 * count)
      for i in 0..<count {
        let (m1, m2) = (mean1[i], mean2[i])
        let covariance = 2 * (products[i] - m1 * m2) + c2
        let variance = squares[i] - (m1 * m1 + m2 * m2) + c2
        let dissimilarity = 1 - (1 - (m1 - m2) * (m1 - m2)) * covariance / variance
        let (edge1, edge2) = (abs(x[i] - m1), abs(y[i] - m2))
        let edge = (edge2 - edge1) / (1 + edge1)
        mean1[i] = dissimilarity > 0 ? dissimilarity : 0
        mean2[i] = edge > 0 ? edge : 0
        squares[i] = edge < 0 ? -edge : 0
      }
      for map in 0..<3 {
        (sums[2 * map], sums[2 * map + 1]) = Self.sum(mean1 + map * count, count: count)
      }
    }
  }

  /// The sums of values and of their fourth powers.
  private static func sum(
    _ values: UnsafePointer<Float>, count: Int
  ) -> (first: Float, fourth: Float) {
    var (first, fourth) = (SIMD8<Float>.zero, SIMD8<Float>.zero)
    let raw = UnsafeRawPointer(values)
    let whole = count & ~7
    for i in stride(from: 0, to: whole, by: 8) {
      let value = raw.loadUnaligned(fromByteOffset: 4 * i, as: SIMD8<Float>.self)
      let square = value * value
      first += value
      fourth += square * square
    }
    var rest: (Float, Float) = (first.sum(), fourth.sum())
    for i in whole..<count {
      let square = values[i] * values[i]
      rest.0 += values[i]
      rest.1 += square * square
    }
    return rest
  }
}

#if canImport(Glibc)
  internal import Glibc
#elseif canImport(Musl)
  internal import Musl
#elseif canImport(Darwin)
  internal import Darwin
#endif

/// The means of one scale that SSIM and MS-SSIM are made of.
///
/// Local means, variances and covariance come from a Gaussian window of 11 x 11 with a standard
/// deviation of 1.5, at every position where it fits inside; constants are those for samples of
/// 0...255.
struct StructuralSimilarity {
  /// Samples along a side of the window.
  static let windowSize = 11
  /// Half of the window, outermost weight first: it is symmetric.
  private static let window: (Float, Float, Float, Float, Float, Float) = {
    let raw = (0...5).map { exp(-Float(($0 - 5) * ($0 - 5)) / (2 * 1.5 * 1.5)) }
    let sum = 2 * raw[0..<5].reduce(0, +) + raw[5]
    return (
      raw[0] / sum, raw[1] / sum, raw[2] / sum, raw[3] / sum, raw[4] / sum, raw[5] / sum
    )
  }()
  private static let c1: Float = (0.01 * 255) * (0.01 * 255)
  private static let c2: Float = (0.03 * 255) * (0.03 * 255)

  /// The mean of luminance, contrast and structure together: SSIM.
  let full: Double
  /// The mean of contrast and structure alone.
  let contrastStructure: Double

  /// Compares two planes of one size, at least a window's size a side.
  ///
  /// Rows are filtered along x as they come into a ring of as many rows as the window is high, then
  /// down the ring; nothing of the picture's size is allocated.
  init(_ first: Plane, _ second: Plane) {
    let size = Self.windowSize
    precondition(first.width == second.width && first.height == second.height)
    precondition(first.width >= size && first.height >= size)
    let width = first.width
    let outWidth = width - size + 1
    let outHeight = first.height - size + 1
    // Five quantities: x, y, x^2, y^2, xy.
    let ringRow = 5 * outWidth
    var products = [Float](repeating: 0, count: 3 * width)
    var ring = [Float](repeating: 0, count: size * ringRow)
    var sums = [Float](repeating: 0, count: ringRow)
    var fullSum = 0.0
    var contrastSum = 0.0
    first.samples.withUnsafeBufferPointer { first in
      second.samples.withUnsafeBufferPointer { second in
        products.withUnsafeMutableBufferPointer { products in
          ring.withUnsafeMutableBufferPointer { ring in
            sums.withUnsafeMutableBufferPointer { sums in
              guard let first = first.baseAddress, let second = second.baseAddress,
                let products = products.baseAddress, let ring = ring.baseAddress,
                let sums = sums.baseAddress
              else { return }
              for y in 0..<(outHeight + size - 1) {
                let x1 = first + y * width
                let x2 = second + y * width
                Self.multiply(x1, x2, width, into: products)
                let slot = ring + (y % size) * ringRow
                Self.filterRow(x1, into: slot, count: outWidth)
                Self.filterRow(x2, into: slot + outWidth, count: outWidth)
                for k in 0..<3 {
                  Self.filterRow(
                    products + k * width, into: slot + (2 + k) * outWidth, count: outWidth)
                }
                if y < size - 1 { continue }
                Self.filterColumns(ring, oldest: (y + 1) % size, into: sums, count: ringRow)
                let row = Self.compare(sums, count: outWidth)
                fullSum += row.full
                contrastSum += row.contrast
              }
            }
          }
        }
      }
    }
    let count = Double(outWidth * outHeight)
    full = fullSum / count
    contrastStructure = contrastSum / count
  }

  /// Writes the rows x1^2, x2^2 and x1 x2 one behind the other.
  private static func multiply(
    _ x1: UnsafePointer<Float>, _ x2: UnsafePointer<Float>, _ count: Int,
    into target: UnsafeMutablePointer<Float>
  ) {
    let (target2, target3) = (target + count, target + 2 * count)
    for i in 0..<count {
      target[i] = x1[i] * x1[i]
      target2[i] = x2[i] * x2[i]
      target3[i] = x1[i] * x2[i]
    }
  }

  /// Filters one row along x: `count + 10` samples give `count`.
  private static func filterRow(
    _ source: UnsafePointer<Float>, into target: UnsafeMutablePointer<Float>, count: Int
  ) {
    let w = window
    for i in 0..<count {
      let s = source + i
      let outer = w.0 * (s[0] + s[10]) + w.1 * (s[1] + s[9]) + w.2 * (s[2] + s[8])
      let inner = w.3 * (s[3] + s[7]) + w.4 * (s[4] + s[6]) + w.5 * s[5]
      target[i] = outer + inner
    }
  }

  /// Filters down the ring's eleven rows, of which `oldest` is the uppermost of the picture.
  private static func filterColumns(
    _ ring: UnsafePointer<Float>, oldest: Int, into target: UnsafeMutablePointer<Float>,
    count: Int
  ) {
    let w = window
    func row(_ k: Int) -> UnsafePointer<Float> { ring + ((oldest + k) % windowSize) * count }
    let (r0, r1, r2, r3, r4, r5) = (row(0), row(1), row(2), row(3), row(4), row(5))
    let (r6, r7, r8, r9, r10) = (row(6), row(7), row(8), row(9), row(10))
    for i in 0..<count {
      let outer = w.0 * (r0[i] + r10[i]) + w.1 * (r1[i] + r9[i]) + w.2 * (r2[i] + r8[i])
      let inner = w.3 * (r3[i] + r7[i]) + w.4 * (r4[i] + r6[i]) + w.5 * r5[i]
      target[i] = outer + inner
    }
  }

  /// Adds up both maps over one row. Overwrites the first two of its five quantities with them.
  private static func compare(
    _ sums: UnsafeMutablePointer<Float>, count: Int
  ) -> (full: Double, contrast: Double) {
    let (mean1, mean2) = (sums, sums + count)
    let (square1, square2, product) = (sums + 2 * count, sums + 3 * count, sums + 4 * count)
    for i in 0..<count {
      let (m1, m2) = (mean1[i], mean2[i])
      let (m11, m22, m12) = (m1 * m1, m2 * m2, m1 * m2)
      let variances = (square1[i] - m11) + (square2[i] - m22)
      let contrast = (2 * (product[i] - m12) + c2) / (variances + c2)
      mean1[i] = (2 * m12 + c1) / (m11 + m22 + c1) * contrast
      mean2[i] = contrast
    }
    var full = 0.0
    var contrast = 0.0
    for i in 0..<count {
      full += Double(mean1[i])
      contrast += Double(mean2[i])
    }
    return (full, contrast)
  }
}

internal import GQCodec

#if canImport(Glibc)
  internal import Glibc
#elseif canImport(Musl)
  internal import Musl
#elseif canImport(Darwin)
  internal import Darwin
#endif

/// A picture in the XYB colour space of JPEG XL at several scales, each half of the one before.
struct XYBPyramid: Sendable {
  /// The shortest side of a scale.
  static let minimumSide = 8
  /// How many scales there are at most.
  static let maximumScales = 6

  /// A picture at one scale.
  struct Scale: Sendable {
    let width: Int
    let height: Int
    /// X, Y and B - Y, each of `width * height` samples and shifted to be positive; none of a channel that SSIMULACRA2 does
    /// not look at.
    let channels: [[Float]]
  }

  /// The finest first; none for a picture with a side below ``minimumSide``.
  let scales: [Scale]

  /// The scales of a picture without alpha. Halves are means of linear light.
  init(_ picture: Picture) {
    var sizes: [(width: Int, height: Int)] = []
    var size = (width: picture.width, height: picture.height)
    while sizes.count < Self.maximumScales, min(size.width, size.height) >= Self.minimumSide {
      sizes.append(size)
      size = ((size.width + 1) / 2, (size.height + 1) / 2)
    }
    var scales: [Scale] = []
    var linear: LinearPicture?
    for (index, size) in sizes.enumerated() {
      var uses = (0..<3).map {
        SSIMULACRA2.Weights(channel: $0, scale: index, of: sizes.count).isUsed
      }
      // B - Y is made from Y.
      if uses[2] || uses[0] { uses[1] = true }
      func plane(_ channel: Int) -> [Float] {
        [Float](repeating: 0, count: uses[channel] ? size.width * size.height : 0)
      }
      var (opponent, luma, blueYellow) = (plane(0), plane(1), plane(2))
      var half = LinearPicture(width: (size.width + 1) / 2, height: (size.height + 1) / 2)
      // Of the whole picture only one row is buffered in linear light.
      var row = [Float](repeating: 0, count: 3 * size.width)
      for y in 0..<size.height {
        if let linear {
          linear.copyRow(y, to: &row)
        } else {
          Self.linearRow(picture, y, to: &row)
        }
        Self.convert(
          row, width: size.width, at: y * size.width, &opponent, &luma, &blueYellow)
        if index + 1 < sizes.count {
          half.add(row, width: size.width, y: y, isAlone: y == size.height - 1 && y % 2 == 0)
        }
      }
      scales.append(
        Scale(width: size.width, height: size.height, channels: [opponent, luma, blueYellow]))
      linear = half
    }
    self.scales = scales
  }

  /// Linear light of the 256 values of sRGB.
  private static let linearValues: [Float] = (0..<256).map {
    let value = Double($0) / 255
    return Float(value <= 0.04045 ? value / 12.92 : pow((value + 0.055) / 1.055, 2.4))
  }

  /// One row as red, green and blue one behind the other.
  private static func linearRow(_ picture: Picture, _ y: Int, to row: inout [Float]) {
    let (width, step) = (picture.width, picture.colorType.componentCount)
    picture.samples.withUnsafeBufferPointer { samples in
      linearValues.withUnsafeBufferPointer { values in
        for c in 0..<3 {
          let start = y * width * step + (step == 3 ? c : 0)
          for x in 0..<width { row[c * width + x] = values[Int(samples[start + x * step])] }
        }
      }
    }
  }
}

extension XYBPyramid {
  /// The absorbance of the three receptors (libjxl's opsin_params.h).
  private static let bias: Float = 0.0037930732552754493
  private static let biasRoot = Float(cbrt(0.0037930732552754493))

  /// Writes one row, given as red, green and blue one behind the other, into the planes that are not empty.
  private static func convert(
    _ linear: [Float], width: Int, at start: Int, _ opponent: inout [Float],
    _ luma: inout [Float], _ blueYellow: inout [Float]
  ) {
    // Without luma there is nothing.
    guard !luma.isEmpty else { return }
    let (needsOpponent, needsBlue) = (!opponent.isEmpty, !blueYellow.isEmpty)
    let (bias, biasRoot) = (Self.bias, Self.biasRoot)
    linear.withUnsafeBufferPointer { linear in
      luma.withUnsafeMutableBufferPointer { luma in
        guard let red = linear.baseAddress, let luma = luma.baseAddress.map({ $0 + start }) else {
          return
        }
        let (green, blue) = (red + width, red + 2 * width)
        if needsOpponent {
          opponent.withUnsafeMutableBufferPointer { opponent in
            guard let opponent = opponent.baseAddress.map({ $0 + start }) else { return }
            for x in 0..<width {
              let common = 0.078 * blue[x] + bias
              let long = cubeRoot(0.30 * red[x] + 0.622 * green[x] + common) - biasRoot
              let medium = cubeRoot(0.23 * red[x] + 0.692 * green[x] + common) - biasRoot
              opponent[x] = 7 * (long - medium) + 0.42
              luma[x] = 0.5 * (long + medium) + 0.01
            }
          }
        } else {
          for x in 0..<width {
            let common = 0.078 * blue[x] + bias
            let long = cubeRoot(0.30 * red[x] + 0.622 * green[x] + common) - biasRoot
            let medium = cubeRoot(0.23 * red[x] + 0.692 * green[x] + common) - biasRoot
            luma[x] = 0.5 * (long + medium) + 0.01
          }
        }
        guard needsBlue else { return }
        blueYellow.withUnsafeMutableBufferPointer { blueYellow in
          guard let blueYellow = blueYellow.baseAddress.map({ $0 + start }) else { return }
          for x in 0..<width {
            let receptor: Float = 0.24342268924547819 * red[x] + 0.20476744424496821 * green[x]
            let short = cubeRoot(receptor + 0.55180986650955366 * blue[x] + bias) - biasRoot
            blueYellow[x] = short - (luma[x] - 0.01) + 0.55
          }
        }
      }
    }
  }
}

/// The cube root of a number of 0.001 to 2, to the last bits: a guess from the exponent, then Halley's step twice.
@inline(__always) private func cubeRoot(_ x: Float) -> Float {
  var y = Float(bitPattern: x.bitPattern / 3 + 709_921_077)
  for _ in 0..<2 {
    let cube = y * y * y
    y *= (cube + 2 * x) / (2 * cube + x)
  }
  return y
}

/// Linear light, made from one of twice the size row by row.
private struct LinearPicture {
  let width: Int
  let height: Int
  /// Red, green and blue one behind the other.
  private var planes: [Float]

  init(width: Int, height: Int) {
    self.width = width
    self.height = height
    planes = Array(repeating: 0, count: 3 * width * height)
  }

  func copyRow(_ y: Int, to row: inout [Float]) {
    for c in 0..<3 {
      let start = (c * height + y) * width
      for x in 0..<width { row[c * width + x] = planes[start + x] }
    }
  }

  /// Takes its part of row `y` of the picture of twice the size. What is over at the right and below counts alone.
  mutating func add(_ row: [Float], width fullWidth: Int, y: Int, isAlone: Bool) {
    let weight: Float = isAlone ? 1 : 0.5
    let pairs = fullWidth / 2
    for c in 0..<3 {
      let start = (c * height + y / 2) * width
      row.withUnsafeBufferPointer { row in
        let source = c * fullWidth
        for x in 0..<pairs {
          planes[start + x] += weight * 0.5 * (row[source + 2 * x] + row[source + 2 * x + 1])
        }
        if fullWidth % 2 == 1 { planes[start + pairs] += weight * row[source + fullWidth - 1] }
      }
    }
  }
}

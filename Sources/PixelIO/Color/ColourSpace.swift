/// A colour space of red, green and blue that differs from others in its primaries and its curve alone.
///
/// Computed with the four basic operations, so that profiles are the same to the byte on every machine.
struct ColourSpace {
  /// How light grows with samples.
  enum Curve: Equatable {
    /// That of sRGB.
    case sRGB
    /// A power.
    case power(Double)
  }

  /// Chromaticities x, y of white, red, green, blue.
  let corners: [Double]
  let curve: Curve

  static let sRGBCorners = [0.3127, 0.3290, 0.64, 0.33, 0.30, 0.60, 0.15, 0.06]
  private static let displayP3Corners = [0.3127, 0.3290, 0.68, 0.32, 0.265, 0.69, 0.15, 0.06]
  private static let bt2020Corners = [0.3127, 0.3290, 0.708, 0.292, 0.17, 0.797, 0.131, 0.046]

  /// The space of a PNG file's gAMA (0.45455 for a power of 2.2) and cHRM; what is absent is as in sRGB. Nil for what is no
  /// colour space.
  init?(gamma: Double?, chromaticities: [Double]?) {
    corners = chromaticities ?? Self.sRGBCorners
    if let gamma {
      guard gamma >= 0.01, gamma <= 10 else { return nil }
      // Of sRGB when it is nearly so: that is what gAMA says there. Other primaries mean the power itself.
      let isNear = gamma > 0.43182 && gamma < 0.47727
      curve = isNear && Self.areNear(corners, Self.sRGBCorners) ? .sRGB : .power(1 / gamma)
    } else {
      curve = .sRGB
    }
    guard matrix != nil else { return nil }
  }

  /// The space of code points of ITU-T H.273: primaries, transfer, matrix, full range. Nil for one that a profile of
  /// this kind does not describe.
  init?(cicp codes: [UInt8]) {
    guard codes[2] == 0, codes[3] == 1 else { return nil }
    switch codes[0] {
    case 1, 2: corners = Self.sRGBCorners
    case 9: corners = Self.bt2020Corners
    case 12: corners = Self.displayP3Corners
    default: return nil
    }
    switch codes[1] {
    case 2, 13: curve = .sRGB
    case 4: curve = .power(2.2)
    case 8: curve = .power(1)
    // Displays show what cameras wrote by these curves with a power of 2.4 (BT.1886).
    case 1, 6, 14, 15: curve = .power(2.4)
    default: return nil
    }
  }

  var isSRGB: Bool { curve == .sRGB && Self.areNear(corners, Self.sRGBCorners) }

  private static func areNear(_ one: [Double], _ other: [Double]) -> Bool {
    zip(one, other).allSatisfy { abs($0 - $1) < 0.003 }
  }

  private typealias Rows = [[Double]]

  private static func product(_ a: Rows, _ b: Rows) -> Rows {
    a.map { row in (0..<b[0].count).map { j in (0..<3).reduce(0) { $0 + row[$1] * b[$1][j] } } }
  }

  /// Nil for a matrix that has no inverse.
  private static func inverse(_ m: Rows) -> Rows? {
    func minor(_ i: Int, _ j: Int) -> Double {
      let (a, b, c, d) = ((i + 1) % 3, (i + 2) % 3, (j + 1) % 3, (j + 2) % 3)
      return m[a][c] * m[b][d] - m[a][d] * m[b][c]
    }
    let determinant = (0..<3).reduce(0) { $0 + m[0][$1] * minor(0, $1) }
    guard abs(determinant) > 1e-9 else { return nil }
    return (0..<3).map { i in (0..<3).map { j in minor(j, i) / determinant } }
  }

  /// White of profiles, D50.
  private static let d50 = [0.9642, 1, 0.8249]
  private static let bradford = [
    [0.8951, 0.2664, -0.1614], [-0.7502, 1.7135, 0.0367], [0.0389, -0.0685, 1.0296],
  ]

  /// XYZ under D50 of red, green and blue, in columns.
  private var matrix: Rows? {
    guard (0..<4).allSatisfy({ corners[2 * $0 + 1] > 1e-4 }) else { return nil }
    func xyz(_ k: Int) -> [Double] {
      let (x, y) = (corners[2 * k], corners[2 * k + 1])
      return [x / y, 1, (1 - x - y) / y]
    }
    let white = xyz(0)
    let primaries = (0..<3).map { row in (1...3).map { xyz($0)[row] } }
    guard let inverted = Self.inverse(primaries), let back = Self.inverse(Self.bradford) else {
      return nil
    }
    let sums = Self.product(inverted, white.map { [$0] }).map { $0[0] }
    let stored = primaries.map { row in (0..<3).map { row[$0] * sums[$0] } }
    let cones = Self.product(Self.bradford, white.map { [$0] }).map { $0[0] }
    let target = Self.product(Self.bradford, Self.d50.map { [$0] }).map { $0[0] }
    guard cones.allSatisfy({ abs($0) > 1e-9 }) else { return nil }
    let scaled = (0..<3).map { i in Self.bradford[i].map { $0 * target[i] / cones[i] } }
    let result = Self.product(Self.product(back, scaled), stored)
    return result.allSatisfy { $0.allSatisfy { abs($0) < 100 } } ? result : nil
  }

  /// An ICC profile (version 4.3) of this space, or of its greys; `cicp` are the code points that it also carries.
  func profile(isGrey: Bool, cicp: [UInt8]? = nil) -> [UInt8]? {
    guard let matrix else { return nil }
    func word(_ value: Int) -> [UInt8] {
      stride(from: 24, through: 0, by: -8).map { UInt8(truncatingIfNeeded: value >> $0) }
    }
    func fixed(_ value: Double) -> [UInt8] { word(Int((value * 65536).rounded())) }
    func name(_ text: String) -> [UInt8] { Array(text.utf8) }
    func point(_ values: [Double]) -> [UInt8] { name("XYZ ") + word(0) + values.flatMap(fixed) }
    func text(_ text: String) -> [UInt8] {
      name("mluc") + word(0) + word(1) + word(12) + name("enUS") + word(2 * text.utf8.count)
        + word(28)
        + text.utf8.flatMap { [0, $0] }
    }
    let curveTag: [UInt8] =
      switch curve {
      case .sRGB:
        name("para") + word(0) + [0, 3, 0, 0]
          + [2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045].flatMap(fixed)
      case .power(let exponent):
        name("para") + word(0) + [0, 0, 0, 0] + fixed(exponent)
      }
    var tags: [(String, [UInt8])] = [
      ("desc", text(cicp == nil ? "From gAMA and cHRM" : "From cICP")), ("cprt", text("CC0")),
      ("wtpt", point(Self.d50)),
    ]
    if isGrey {
      tags.append(("kTRC", curveTag))
    } else {
      for (k, letter) in ["r", "g", "b"].enumerated() {
        tags.append((letter + "XYZ", point(matrix.map { $0[k] })))
      }
      for letter in ["r", "g", "b"] { tags.append((letter + "TRC", curveTag)) }
    }
    if let cicp { tags.append(("cicp", name("cicp") + word(0) + cicp)) }
    // Equal contents stand once.
    var data: [UInt8] = []
    var table = word(tags.count)
    var places: [[UInt8]: Int] = [:]
    let start = 128 + 4 + 12 * tags.count
    for (tag, content) in tags {
      let place = places[content] ?? start + data.count
      if places[content] == nil {
        places[content] = place
        data += content
        while data.count % 4 != 0 { data.append(0) }
      }
      table += name(tag) + word(place) + word(content.count)
    }
    // Size, no module, version, class, colours, no date, signature, rendering intent 0, white.
    let head: [UInt8] =
      word(start + data.count) + word(0) + [4, 0x30, 0, 0] + name("mntr")
      + name(isGrey ? "GRAY" : "RGB ") + name("XYZ ")
      + [7, 0xD0, 0, 1, 0, 1, 0, 0, 0, 0, 0, 0] + name("acsp") + [UInt8](repeating: 0, count: 28)
      + Self.d50.flatMap(fixed)
    return head + [UInt8](repeating: 0, count: 128 - head.count) + table + data
  }

  /// The code points that a profile carries, nil for none.
  static func cicp(ofProfile profile: [UInt8]) -> [UInt8]? {
    func word(_ place: Int) -> Int { profile[place..<place + 4].reduce(0) { $0 << 8 | Int($1) } }
    guard profile.count >= 132 else { return nil }
    for entry in 0..<min(word(128), 100) {
      let place = 132 + 12 * entry
      guard place + 12 <= profile.count else { return nil }
      guard profile[place..<place + 4].elementsEqual("cicp".utf8) else { continue }
      let start = word(place + 4)
      guard start <= profile.count - 12, word(place + 8) == 12,
        profile[start..<start + 4].elementsEqual("cicp".utf8)
      else { return nil }
      return Array(profile[start + 8..<start + 12])
    }
    return nil
  }
}

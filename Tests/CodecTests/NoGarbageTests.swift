import GQBitstream
import GQCodec
import Foundation
import GQMetrics
import GQModel
import Testing

/// Content unlike photographs: what is decoded is never far from what was meant. `make no-garbage` shows more of it.
struct NoGarbageTests {
  static let corners: [[UInt8]] = (0..<8).map { k in (0..<3).map { k >> $0 & 1 == 1 ? 255 : 0 } }

  private static let psnrNetwork: Network = {
    do {
      return try Network(
        parsing: try ModelFile.read(), tuning: .psnr, pool: WorkerPool(threadCount: 2))
    } catch {
      fatalError("the model does not load: \(error)")
    }
  }()

  private func made(
    _ width: Int, _ height: Int, _ color: (Int, Int) -> [UInt8]
  ) -> Picture {
    var samples: [UInt8] = []
    for y in 0..<height { for x in 0..<width { samples += color(x, y) } }
    return Picture(width: width, height: height, colorType: .rgb, samples: samples)
  }

  /// A face before a ground of one colour.
  private func portrait(_ color: [UInt8]) throws -> Picture {
    let photograph = try samplePicture("chelsea.png")
    return made(photograph.width, photograph.height) { x, y in
      let (dy, dx) = (Double(y - 130) / 120, Double(x - 225) / 130)
      guard dx * dx + dy * dy < 1 else { return color }
      let first = (y * photograph.width + x) * 3
      return Array(photograph.samples[first..<first + 3])
    }
  }

  /// A photograph in a frame of one colour.
  private func framed(_ color: [UInt8]) throws -> Picture {
    let photograph = try samplePicture("chelsea.png").cropped(
      x: 120, y: 40, width: 200, height: 160)
    return made(320, 272) { x, y in
      guard (60..<260).contains(x), (56..<216).contains(y) else { return color }
      let first = ((y - 56) * 200 + x - 60) * 3
      return Array(photograph.samples[first..<first + 3])
    }
  }

  /// PSNR, and the largest mean squared error of a block of 16 x 16 pixels.
  private func coded(
    _ picture: Picture, _ options: EncodingOptions = EncodingOptions(),
    _ model: Network = network
  ) throws -> (decibels: Double, worst: Double, bytes: Int) {
    let bytes = try GQEncoder(network: model).encode(picture, options: options).bytes
    let decoded = try GQDecoder(network: model).decode(bytes)
    var worst = 0.0
    for top in stride(from: 0, to: picture.height, by: 16) {
      for left in stride(from: 0, to: picture.width, by: 16) {
        var (sum, count) = (0.0, 0.0)
        for y in top..<min(top + 16, picture.height) {
          for k in (y * picture.width + left)
            * 3..<(y * picture.width
            + min(left + 16, picture.width)) * 3
          {
            let difference = Double(picture.samples[k]) - Double(decoded.samples[k])
            sum += difference * difference
            count += 1
          }
        }
        worst = max(worst, sum / count)
      }
    }
    return (try PSNR.decibels(picture, decoded), worst, bytes.count)
  }

  @Test(arguments: corners + [[119, 119, 119], [200, 30, 90]])
  func flatGroundsAreFlat(_ color: [UInt8]) throws {
    let found = try coded(made(320, 288) { _, _ in color })
    // These weights do not reach 25 on all pure colours.
    #expect(found.worst <= (Set(color).count == 1 ? 25 : 150), "\(found)")
    let strong = try coded(made(320, 288) { _, _ in color }, EncodingOptions(effort: 9))
    #expect(strong.decibels >= found.decibels - 0.1 || strong.worst <= 150, "\(strong)")
  }

  /// Noise of one level up or down on a ground of nearly one colour, which is left to the network: no block's mean is far off.
  @Test(arguments: [[252, 252, 252], [0, 255, 255], [255, 0, 255], [255, 0, 0]] as [[UInt8]])
  func calmGroundsKeepTheirColour(_ color: [UInt8]) throws {
    var state: UInt32 = 1
    let picture = made(384, 288) { x, _ in
      color.map { sample in
        state = state &* 1_664_525 &+ 1_013_904_223
        let value = Int(sample) - x * min(24, Int(sample)) / 384 + Int(state >> 24) % 3 - 1
        return UInt8(clamping: value)
      }
    }
    let bytes = try GQEncoder(network: network).encode(
      picture, options: EncodingOptions(target: .quality(50))
    ).bytes
    let decoded = try GQDecoder(network: network).decode(bytes)
    for top in stride(from: 0, to: picture.height, by: 16) {
      for left in stride(from: 0, to: picture.width, by: 16) {
        let shift = shift(of: decoded, from: picture, left: left, top: top)
        #expect(shift <= 6, "\(color) at \(left), \(top)")
      }
    }
  }

  /// How far the mean colour of a block of 16 x 16 pixels is off, in levels.
  private func shift(of decoded: Picture, from picture: Picture, left: Int, top: Int) -> Double {
    var differences = [0.0, 0, 0]
    for y in top..<top + 16 {
      for k in 0..<48 {
        let place = (y * picture.width + left) * 3 + k
        differences[k % 3] += Double(decoded.samples[place]) - Double(picture.samples[place])
      }
    }
    return (differences.reduce(0) { $0 + $1 * $1 } / 3).squareRoot() / 256
  }

  /// A photograph on a page: the ground about it shows no blocks of another shade.
  @Test(
    arguments: [[255, 255, 255], [250, 250, 250], [24, 26, 30]] as [[UInt8]], [96, 56])
  func groundsAboutPhotographsKeepTheirColour(_ color: [UInt8], _ margin: Int) throws {
    let photograph = try samplePicture("chelsea.png")
    let picture = made(photograph.width + 2 * margin, photograph.height + 2 * margin) { x, y in
      let (column, row) = (x - margin, y - margin)
      guard (0..<photograph.width).contains(column), (0..<photograph.height).contains(row) else {
        return color
      }
      let first = (row * photograph.width + column) * 3
      return Array(photograph.samples[first..<first + 3])
    }
    for quality in [30.0, 75] {
      let bytes = try GQEncoder(network: network).encode(
        picture, options: EncodingOptions(target: .quality(quality))
      ).bytes
      let decoded = try GQDecoder(network: network).decode(bytes)
      for top in stride(from: 0, through: picture.height - 16, by: 16) {
        for left in stride(from: 0, through: picture.width - 16, by: 16)
        where left + 16 <= margin || left >= margin + photograph.width || top + 16 <= margin
          || top >= margin + photograph.height
        {
          let shift = shift(of: decoded, from: picture, left: left, top: top)
          #expect(shift <= 2, "\(color), margin \(margin), -q \(quality), at \(left), \(top)")
        }
      }
    }
  }

  /// The path of a tile may begin in any of 256 states: its first position is no worse than others.
  @Test(arguments: [CodeOrder.tiles, .phases], [3, 5, 9])
  func cornersOfTilesAreLikeOtherPositions(_ order: CodeOrder, _ effort: Int) throws {
    let white = made(512, 272) { _, _ in [255, 255, 255] }
    for model in [network, Self.psnrNetwork] {
      let found = try coded(white, EncodingOptions(effort: effort, order: order), model)
      #expect(found.worst <= 25, "\(found)")
    }
  }

  @Test(arguments: [[0, 255, 0], [0, 0, 255], [255, 0, 255], [0, 255, 255]] as [[UInt8]])
  func portraitsBeforePureColours(_ color: [UInt8]) throws {
    let found = try coded(try portrait(color))
    #expect(found.decibels >= 30 && found.worst <= 1500, "\(found)")
  }

  /// A photograph in black and white, its errors diffused: what few bits fail at is coded without loss where that takes fewer bits
  /// than would do.
  @Test(arguments: [10.0, 20, 30, 50])
  func ditheredPicturesAreExactAndSmall(_ quality: Double) throws {
    let photograph = try samplePicture("chelsea.png")
    let (width, height) = (photograph.width, photograph.height)
    var luma = stride(from: 1, to: photograph.samples.count, by: 3).map {
      Int(photograph.samples[$0]) * 16
    }
    var samples = [UInt8](repeating: 0, count: width * height)
    for y in 0..<height {
      for x in 0..<width {
        let place = y * width + x
        samples[place] = luma[place] > 127 * 16 ? 255 : 0
        let error = luma[place] - Int(samples[place]) * 16
        if x + 1 < width { luma[place + 1] += error * 7 / 16 }
        guard y + 1 < height else { continue }
        if x > 0 { luma[place + width - 1] += error * 3 / 16 }
        luma[place + width] += error * 5 / 16
        if x + 1 < width { luma[place + width + 1] += error / 16 }
      }
    }
    let picture = Picture(width: width, height: height, colorType: .grey, samples: samples)
    let bytes = try GQEncoder(network: network).encode(
      picture, options: EncodingOptions(target: .quality(quality))
    ).bytes
    #expect(try GQDecoder(network: network).decode(bytes).samples == samples)
    // A bit per pixel.
    #expect(bytes.count <= width * height / 8)
  }

  @Test(arguments: [[0, 0, 255], [255, 255, 255], [0, 0, 0], [255, 0, 0]] as [[UInt8]])
  func moreBitsAreNoWorse(_ color: [UInt8]) throws {
    for model in [network, Self.psnrNetwork] {
      var best = 0.0
      for rate in [0.5, 1, 2, 4] {
        let found = try coded(
          try framed(color), EncodingOptions(target: .bitsPerPixel(rate)), model)
        #expect(found.decibels >= best - 0.1, "\(rate): \(found), before \(best) dB")
        // Beyond that nothing is seen.
        best = max(best, min(found.decibels, 42))
      }
    }
  }

  /// From one pixel on.
  @Test(arguments: [(1, 1), (2, 1), (1, 17), (3, 3), (16, 16), (33, 15)])
  func smallPicturesAreRecognizable(_ width: Int, _ height: Int) throws {
    let picture = try samplePicture("chelsea.png")
      .cropped(x: 200, y: 100, width: width, height: height)
    let found = try coded(picture, EncodingOptions(target: .quality(100)))
    #expect(found.decibels >= 23, "\(found)")
  }
}

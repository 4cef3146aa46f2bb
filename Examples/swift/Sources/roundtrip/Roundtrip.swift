import GQCodec
import GQPixelIO
import GaussianQuant

/// Encodes a picture to a byte budget, decodes it, a region of it and what is left of a truncated file, and quantizes a
/// tensor of its own.
@main
enum Roundtrip {
  static func main() async throws {
    let picture = drawing(width: 300, height: 200)
    let file = try encode(picture)
    try recover(file, picture)
    try await watch(picture)
    try quantizeTensor()
    print("Example in Swift: 4 passed, 0 failed")
  }

  /// Encodes to at most 1500 bytes, decodes, also a region alone, and takes the result through PNG.
  static func encode(_ picture: Picture) throws -> [UInt8] {
    let file = try GQEncoder().encode(picture, with: GQEncoder.Options(target: .bytes(1500)))
    let decoder = try GQDecoder()
    let restored = try decoder.decode(file)
    var error = 0.0
    for (before, after) in zip(picture.samples, restored.samples) {
      let difference = Double(before) - Double(after)
      error += difference * difference / Double(picture.samples.count)
    }
    print("\(file.count) bytes, mean squared error \(error)")
    try check(file.count <= 1500 && error < 60, "the picture did not come back")

    let region = PixelRegion(x: 40, y: 30, width: 100, height: 50)
    let part = try decoder.decode(file, region: region)
    let first = (region.y * picture.width + region.x) * 3
    try check(
      part.samples.prefix(300) == restored.samples[first..<first + 300],
      "the region is not that of the whole picture")

    let png = try restored.serialized(as: .png)
    try check(try Picture(parsing: png) == restored, "PNG changed the picture")
    return file
  }

  /// A truncated file is an error that says where, and what is left of it can be seen.
  static func recover(_ file: [UInt8], _ picture: Picture) throws {
    let cut = Array(file.dropLast(200))
    let decoder = try GQDecoder()
    do {
      _ = try decoder.decode(cut)
      try check(false, "a truncated file was decoded")
    } catch let error as any GQError {
      print("\(error.code) at byte \(error.byteOffset ?? -1): \(error)")
    }
    let rest = try decoder.picture(recovering: cut)
    try check(
      rest.width == picture.width && rest.height == picture.height, "no picture was recovered")
  }

  /// Away from the main actor, with progress.
  static func watch(_ picture: Picture) async throws {
    let options = GQEncoder.Options(target: .quality(75), isProgressive: true)
    let file = try await GQEncoder().encode(picture, with: options)
    let restored = try await GQDecoder().decode(file) { print("\(Int(100 * $0)) %") }
    try check(restored.samples.count == picture.samples.count, "the picture did not come back")
  }

  /// Six means, then six log variances, along the last axis of a 4 x 5 grid.
  static func quantizeTensor() throws {
    var posteriors = [Float](repeating: -3, count: 4 * 5 * 12)
    for k in posteriors.indices where k % 12 < 6 { posteriors[k] = Float(k % 7) / 3 - 1 }
    let quantizer = try GaussianQuant(dimension: 3, size: 4096)
    let result = try quantizer.quantize(posteriors, shape: [4, 5, 12], axis: -1)
    let codes = try quantizer.indicesToCodes(result.indices, shape: result.indicesShape, axis: -1)
    print("indices \(result.indicesShape), the first is \(result.indices[0])")
    try check(
      codes.values == result.values && result.indicesShape == [4, 5, 2],
      "the codes are not those of the indices")
  }

  /// Slopes of colour.
  static func drawing(width: Int, height: Int) -> Picture {
    var samples: [UInt8] = []
    for y in 0..<height {
      for x in 0..<width {
        samples += [UInt8(x * 255 / width), UInt8(y), UInt8((x + y) / 2)]
      }
    }
    return Picture(width: width, height: height, colorType: .rgb, samples: samples)
  }

  static func check(_ condition: Bool, _ message: String) throws {
    guard condition else { throw Failure(description: message) }
  }
}

struct Failure: Error, CustomStringConvertible {
  let description: String
}

import GQBitstream
import GQCodec
import GaussianQuant
import GQModel
import GQPixelIO

/// Encodes a picture to a byte budget, decodes it, looks into the file, takes its tokens out and back, and quantizes a
/// tensor of its own.
@main
enum Roundtrip {
  static func main() throws {
    let network = try Network(parsing: try ModelFile.read())
    let picture = drawing(width: 300, height: 200)
    let file = try encode(picture, network)
    try inspect(file, picture)
    try exchangeTokens(file, network)
    try quantizeTensor()
    print("Example in Swift: 4 passed, 0 failed")
  }

  /// Encodes to at most 1500 bytes, decodes, also a region alone, and takes the result through PNG.
  static func encode(_ picture: Picture, _ network: Network) throws -> [UInt8] {
    let options = EncodingOptions(target: .bytes(1500))
    let file = try GQEncoder(network: network).encode(picture, options: options).bytes
    let restored = try GQDecoder(network: network).decode(file)
    var error = 0.0
    for (before, after) in zip(picture.samples, restored.samples) {
      let difference = Double(before) - Double(after)
      error += difference * difference / Double(picture.samples.count)
    }
    print("\(file.count) bytes, mean squared error \(error)")
    try check(file.count <= 1500 && error < 60, "the picture did not come back")

    let region = PixelRegion(x: 40, y: 30, width: 100, height: 50)
    let part = try GQDecoder(network: network).decode(file, region: region)
    let first = (region.y * picture.width + region.x) * 3
    try check(
      part.samples.prefix(300) == restored.samples[first..<first + 300],
      "the region is not that of the whole picture")

    let png = try PictureWriter(format: .png).write(restored).bytes
    let read = try PictureReader().open(png)
    try check(read.picture == restored && read.conversions.isEmpty, "PNG changed the picture")
    return file
  }

  /// What can be told of a file without a model.
  static func inspect(_ bytes: [UInt8], _ picture: Picture) throws {
    let file = try FileStructure(parsing: bytes)
    let header = try FileStructure.header(of: Array(bytes.prefix(64)))
    print("\(file.layout.tiles.count) tiles, the first of \(file.layout.tiles[0].bitCount) bits")
    try check(
      header == file.header && header.width == picture.width && header.height == picture.height
        && file.layout.tiles.indices.allSatisfy { file.isIntact(tile: $0) },
      "the file is not what was written")
  }

  /// The codes as an array, and the same file from it.
  static func exchangeTokens(_ file: [UInt8], _ network: Network) throws {
    let coded = try CodedPicture(parsing: file)
    let tokens = try PictureTokens(coded, table: network.levels)
    let stored = try tokens.safetensors()
    print("tokens \(tokens.shape)")
    try check(
      try PictureTokens(safetensors: stored).serializedPicture() == file,
      "the tokens gave another file")
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

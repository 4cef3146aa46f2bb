import Codec
import GaussianQuant
import Model

/// Encodes a picture to a byte budget, decodes it, and quantizes a tensor of its own.
@main
enum Roundtrip {
  static func main() throws {
    let network = try Network(parsing: try ModelFile.read())
    let (width, height) = (160, 96)
    let samples = (0..<height).flatMap { y in
      (0..<width).flatMap { x in [UInt8(x), UInt8(2 * y), UInt8((x + y) / 2)] }
    }
    let picture = Picture(width: width, height: height, colorType: .rgb, samples: samples)

    let file = try GQEncoder(network: network).encode(
      picture, options: EncodingOptions(target: .bytes(1500))
    ).bytes
    let restored = try GQDecoder(network: network).decode(file)
    let error =
      zip(picture.samples, restored.samples)
      .reduce(0.0) { $0 + (Double($1.0) - Double($1.1)) * (Double($1.0) - Double($1.1)) }
      / Double(samples.count)
    print("\(file.count) bytes, mean squared error \(error)")
    guard file.count <= 1500, restored.width == width, restored.height == height, error < 60 else {
      throw Failure(description: "the picture did not come back")
    }

    // Six means, then six log variances, along the last axis of a 4 x 5 grid.
    let posteriors = (0..<4 * 5 * 12).map { $0 % 12 < 6 ? Float($0 % 7) / 3 - 1 : -3 }
    let quantizer = try GaussianQuant(dimension: 3, size: 4096)
    let result = try quantizer.quantize(posteriors, shape: [4, 5, 12], axis: -1)
    let codes = try quantizer.indicesToCodes(result.indices, shape: result.indicesShape, axis: -1)
    print("indices \(result.indicesShape), the first is \(result.indices[0])")
    guard codes.values == result.values, result.indicesShape == [4, 5, 2] else {
      throw Failure(description: "the codes are not those of the indices")
    }
    print("Example in Swift: 2 passed, 0 failed")
  }
}

struct Failure: Error, CustomStringConvertible {
  let description: String
}

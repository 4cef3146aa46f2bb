import GQCodec
import Foundation
import GQModel

/// What `info --model` prints of a weights file.
struct ModelDescription: Encodable {
  let file: String
  let identifier: String
  let tuning: String
  let bytes: Int
  let levels: Int
  let bitsPerPosition: [Int]
  /// Thousands of multiply-adds per pixel by part of the network.
  let encoder: Double
  let predictor: Double
  let prior: Double
  let transform: Double
  let decoder: Double
  let encoding: Double
  let decoding: Double

  init(path: String) throws {
    let bytes = try ModelFile.read(path)
    let network = try Network(parsing: bytes)
    let cost = try network.cost
    file = path
    identifier = hexadecimal(network.identifier)
    tuning = network.configuration.tunings.map(\.rawValue).joined(separator: ", ")
    self.bytes = bytes.count
    levels = network.levels.levelCount
    bitsPerPosition = Set(network.levels.bits).sorted()
    func thousands(_ count: Double) -> Double { (count / 10).rounded() / 100 }
    encoder = thousands(cost.encoder)
    predictor = thousands(cost.predictor)
    prior = thousands(cost.prior)
    transform = thousands(cost.transform)
    decoder = thousands(cost.decoder)
    encoding = thousands(cost.encoding)
    decoding = thousands(cost.decoding)
  }

  var text: String {
    """
    file          \(file), \(bytes) bytes
    model         \(identifier), tuned for \(tuning)
    levels        \(levels): \(bitsPerPosition.map(String.init).joined(separator: ", ")) bits per position
    multiply-adds per pixel, in thousands
      encode      \(fixed(encoding, 2)): encoder \(fixed(encoder, 2)), predictor \(fixed(predictor, 2)), \
    prior \(fixed(prior, 2)), transforms at most 2 x \(fixed(transform, 2))
      decode      \(fixed(decoding, 2)): prior \(fixed(prior, 2)), transforms at most \
    \(fixed(transform, 2)), decoder \(fixed(decoder, 2))
    """
  }
}

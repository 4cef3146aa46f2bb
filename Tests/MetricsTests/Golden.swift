import Foundation
import GQMetrics

/// The content of `golden.json`, which `make_golden.py` makes with other people's programs.
struct Golden: Decodable {
  /// What pytorch-msssim and ssimulacra2 say about a pair of pictures.
  struct Pair: Decodable, Sendable {
    let width: Int
    let height: Int
    let components: Int
    let distortion: String
    let strength: Int
    let sums: [Int]
    let meanSquaredError: Double
    let ssim: Double?
    let msssim: Double?
    let ssimulacra2: Double
  }

  /// What the package bjontegaard says about a pair of curves.
  struct Curves: Decodable, Sendable {
    let anchor: [[Double]]
    let test: [[Double]]
    let percent: Double
  }

  let pictures: [Pair]
  let curves: [Curves]

  static func load() throws -> Golden {
    let url = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "golden.json")
    return try JSONDecoder().decode(Golden.self, from: Data(contentsOf: url))
  }
}

import Foundation
import GQModel

/// What is fuzzed: the environment variable `HARNESS` names it.
///
/// The contract of all: whatever the bytes, a function gives a result or throws an error of its module's type. Any
/// other error, a trap or a sanitizer's report is a find.
enum Harness: String {
  case container, levelmap, pixels, graphics, safetensors, pictures, webp, roundtrip

  static let chosen: Harness = {
    let name = ProcessInfo.processInfo.environment["HARNESS"] ?? ""
    guard let harness = Harness(rawValue: name) else { fatalError("HARNESS is \"\(name)\"") }
    return harness
  }()

  func run(_ bytes: [UInt8]) {
    switch self {
    case .container: fuzzContainer(bytes)
    case .levelmap: fuzzLevelMap(bytes)
    case .pixels: fuzzPixels(bytes)
    case .safetensors: fuzzSafetensors(bytes)
    case .graphics: fuzzGraphics(bytes)
    case .pictures, .webp: fuzzPictures(bytes)
    case .roundtrip: fuzzRoundTrip(bytes)
    }
  }
}

/// The model of few channels that `training/golden/make_tiny.py` makes.
let tinyNetwork: Network = {
  let path = ProcessInfo.processInfo.environment["MODEL"] ?? "../testdata/tiny.safetensors"
  do {
    return try Network(
      parsing: try ModelFile.read(path), pool: WorkerPool(threadCount: 1))
  } catch {
    fatalError("the model does not load: \(error)")
  }
}()

/// Takes numbers off the front of an input, zeros when it has ended.
struct InputReader {
  private var bytes: ArraySlice<UInt8>

  init(_ bytes: [UInt8]) { self.bytes = bytes[...] }

  mutating func byte() -> UInt8 { bytes.popFirst() ?? 0 }

  mutating func number(below limit: Int) -> Int { (Int(byte()) << 8 | Int(byte())) % limit }

  mutating func rest() -> [UInt8] {
    defer { bytes = [] }
    return Array(bytes)
  }

  /// So many bytes: the rest, over and over.
  mutating func filling(_ count: Int) -> [UInt8] {
    let source = rest()
    return source.isEmpty
      ? Array(repeating: 0, count: count) : (0..<count).map { source[$0 % source.count] }
  }
}

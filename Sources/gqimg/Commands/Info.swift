import ArgumentParser
import Bitstream
import Codec
import Foundation
import PixelIO

struct Info: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Tell what a .gqz file says, without a model.")

  @Argument(help: ArgumentHelp("A .gqz file, or - for standard input.", valueName: "file"))
  var input: String

  @Flag(help: "Print JSON.")
  var json = false

  func run() throws {
    let description = try reporting(input) {
      FileDescription(
        try FileStructure(parsing: try FileReader.read(input, maxBytes: maximumInputBytes)))
    }
    print(try json ? jsonText(description) : description.text)
  }
}

/// What `info` prints.
struct FileDescription: Encodable {
  let width: Int
  let height: Int
  let colorType: String
  let bytes: Int
  let bitsPerPixel: Double
  let model: String
  let quantizer: String
  let seed: UInt64
  let columns: Int
  let rows: Int
  let codeBits: Int
  let levelMapBytes: Int
  let tiles: Int
  let damagedTiles: Int
  /// Positions at each level.
  let positionsPerLevel: [Int]
  let bitsPerLevel: [Int]

  init(_ file: FileStructure) {
    let header = file.header
    width = header.width
    height = header.height
    colorType = "\(header.colorType)"
    bytes = file.byteCount
    bitsPerPixel = Double(file.byteCount * 8) / Double(header.width * header.height)
    model = hexadecimal(header.modelIdentifier)
    switch header.quantizer {
    case .block(let bits): quantizer = "blocks, at most \(bits) bits per index"
    case .trellis(let bits): quantizer = "trellis of 2^\(bits) states"
    }
    seed = header.seed
    columns = header.columns
    rows = header.rows
    codeBits = file.layout.tiles.reduce(0) { $0 + $1.bitCount }
    levelMapBytes = file.levelMapByteCount
    tiles = file.layout.tiles.count
    damagedTiles = file.layout.tiles.filter { !file.isIntact($0) }.count
    var counts = [Int](repeating: 0, count: file.ladder.levelCount)
    for level in file.levelMap.levels { counts[Int(level)] += 1 }
    positionsPerLevel = counts
    bitsPerLevel = file.ladder.bits
  }

  var text: String {
    var lines = [
      "size          \(width) x \(height), \(colorType)",
      "file          \(bytes) bytes, \(fixed(bitsPerPixel, 4)) bits per pixel",
      "model         \(model)",
      "quantizer     \(quantizer), seed \(seed)",
      "grid          \(columns) x \(rows) positions, \(codeBits) bits of codes",
      "level map     \(levelMapBytes) bytes",
      "tiles         \(tiles), \(damagedTiles) damaged",
      "levels           bits  positions",
    ]
    let most = max(1, positionsPerLevel.max() ?? 1)
    for (level, count) in positionsPerLevel.enumerated() {
      let bar = String(repeating: "#", count: (count * 40 + most - 1) / most)
      lines.append(
        "  \(padded(level, 10))  \(padded(bitsPerLevel[level], 7))  \(padded(count, 9))  \(bar)")
    }
    return lines.joined(separator: "\n")
  }
}

private func padded(_ value: Int, _ width: Int) -> String {
  let text = String(value)
  return String(repeating: " ", count: max(0, width - text.count)) + text
}

/// JSON with sorted keys, on several lines.
func jsonText(_ value: some Encodable) throws -> String {
  let encoder = JSONEncoder()
  encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
  return String(decoding: try encoder.encode(value), as: UTF8.self)
}

import ArgumentParser
import GQBitstream
import GQCodec
import Foundation
import GQModel
import GQPixelIO

struct Info: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Tell what a .gqz file says, without a model, or what a model is.",
    usage: """
      gqimg info [--json] <file.gqz>
      gqimg info [--json] --model [<file.safetensors>]
      """)

  @Argument(
    help: ArgumentHelp("A .gqz file, or - for standard input.", valueName: "file"),
    completion: .file(extensions: ["gqz", "safetensors"]))
  var input: String?

  @Flag(
    help:
      "Tell size, levels and cost of a weights file; without a file, of those that come with gqimg."
  )
  var model = false

  @Flag(help: "Print JSON.")
  var json = false

  func validate() throws {
    if input == nil, !model { throw ValidationError("expected a .gqz file or --model") }
  }

  func run() throws {
    if model {
      let path = try input ?? reporting("model") { try ModelFile.defaultPath() }
      let description = try reporting(path) { try ModelDescription(path: path) }
      try printLine(json ? jsonText(description) : description.text)
      return
    }
    let input = input ?? "-"
    let description = try reporting(input) {
      FileDescription(
        try FileStructure(parsing: try readCodedFile(input)))
    }
    try printLine(json ? jsonText(description) : description.text)
  }
}

/// What `info` prints.
struct FileDescription: Encodable {
  let width: Int
  let height: Int
  let colorType: String
  let bytes: Int
  let bitsPerPixel: Double
  /// 16 hexadecimal digits; zeros in files that need none.
  let model: String
  /// Whether a model decodes some of the picture.
  let needsModel: Bool
  let stateBits: Int
  let seed: UInt64
  let columns: Int
  let rows: Int
  let codeBits: Int
  let levelMapBytes: Int
  /// `tiles`, or `phases` for a progressive file.
  let order: String
  /// Whether header and level map stand in the file twice.
  let hasHeadCopy: Bool
  /// Positions that are coded without loss, the units that hold them, those that are damaged, and all units' bytes.
  let graphicsPositions: Int
  let graphicsUnits: Int
  let damagedGraphicsUnits: Int
  let graphicsBytes: Int
  let tiles: Int
  let damagedTiles: Int
  /// One string for each row of tiles: `.` intact, `-` without bits, `X` damaged.
  let tileStates: [String]
  /// Chunks beside level map and codes, in their order.
  let chunks: [ChunkDescription]
  /// Positions at each level.
  let positionsPerLevel: [Int]
  let bitsPerLevel: [Int]

  /// A chunk that a reader may skip.
  struct ChunkDescription: Encodable {
    let type: String
    let name: String
    let bytes: Int

    init(_ chunk: Chunk) {
      type = String(Character(UnicodeScalar(chunk.type)))
      name =
        switch chunk.type {
        case Chunk.iccProfile: "ICC profile"
        case Chunk.exif: "Exif"
        case Chunk.xmp: "XMP"
        case Chunk.preview: "preview"
        case Chunk.alpha: "alpha"
        default: "unknown"
        }
      bytes = chunk.payload.count
    }
  }

  init(_ file: FileStructure) {
    let header = file.header
    width = header.width
    height = header.height
    colorType = "\(header.colorType)"
    bytes = file.byteCount
    bitsPerPixel = Double(file.byteCount * 8) / Double(header.width * header.height)
    model = hexadecimal(header.modelIdentifier)
    needsModel = header.needsModel
    stateBits = header.stateBits
    seed = header.seed
    columns = header.columns
    rows = header.rows
    codeBits = file.layout.tiles.reduce(0) { $0 + $1.bitCount }
    levelMapBytes = file.levelMapByteCount
    order = "\(file.layout.order)"
    hasHeadCopy = file.hasHeadCopy
    graphicsPositions = file.graphicsMask?.count { $0 } ?? 0
    graphicsUnits = file.graphicsPlaces.count
    damagedGraphicsUnits = file.graphicsPlaces.indices.count {
      (try? file.graphicsUnit($0)) == nil
    }
    graphicsBytes = file.graphicsByteCount
    tiles = file.layout.tiles.count
    var states: [String] = []
    var damaged = 0
    for (number, tile) in file.layout.tiles.enumerated() {
      if tile.columns.lowerBound == 0 { states.append("") }
      let isIntact = file.isIntact(tile: number)
      if !isIntact { damaged += 1 }
      states[states.count - 1] += !isIntact ? "X" : tile.bitCount == 0 ? "-" : "."
    }
    damagedTiles = damaged
    tileStates = states
    chunks = file.ancillary.map(ChunkDescription.init)
    var counts = [Int](repeating: 0, count: file.rateTable.levelCount)
    for level in file.levelMap.levels { counts[Int(level)] += 1 }
    positionsPerLevel = counts
    bitsPerLevel = file.rateTable.bits
  }

  private var quantizer: String {
    needsModel ? "trellis of 2^\(stateBits) states, seed \(seed)" : "none"
  }

  private var graphics: String {
    guard graphicsUnits > 0 else { return "none" }
    return
      "\(graphicsPositions) positions in \(graphicsUnits) units, \(damagedGraphicsUnits) damaged, "
      + "\(graphicsBytes) bytes"
  }

  var text: String {
    var lines = [
      "size          \(width) x \(height), \(colorType)",
      "file          \(bytes) bytes, \(fixed(bitsPerPixel, 4)) bits per pixel",
      "model         \(needsModel ? model : "none is needed: all is graphics")",
      "quantizer     \(quantizer)",
      "grid          \(columns) x \(rows) positions, \(codeBits) bits of codes",
      "level map     \(levelMapBytes) bytes",
      "beside        "
        + (chunks.isEmpty
          ? "neither metadata nor alpha"
          : chunks.map { "\($0.name) (\($0.type)) \($0.bytes) bytes" }.joined(separator: ", ")),
      "order         "
        + (order == "phases" ? "phase after phase (progressive)" : "tile after tile")
        + (hasHeadCopy ? ", header and level map twice" : ""),
      "graphics      \(graphics)",
      "tiles         \(tiles), \(damagedTiles) damaged",
    ]
    lines += tileStates.map { "  \($0)" }
    lines.append("levels           bits  positions")
    let most = max(1, positionsPerLevel.max() ?? 1)
    for (level, count) in positionsPerLevel.enumerated() where count > 0 {
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

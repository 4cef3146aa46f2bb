import GQBitstream
import Foundation
import GaussianQuant
import GQModel
import Testing

@testable import GQCodec

/// Files as arrays of tokens.
@Suite struct TokenTests {
  static let options: [EncodingOptions] = [
    EncodingOptions(target: .bitsPerPixel(0.6)),
    EncodingOptions(target: .bitsPerPixel(0.3), effort: 9),
    EncodingOptions(target: .bitsPerPixel(0.3), order: .phases, copiesHead: true),
  ]

  /// More than one tile each way, and cut ones.
  static func picture() throws -> Picture {
    try samplePicture("sample.png").cropped(x: 30, y: 10, width: 290, height: 270)
  }

  static func tokens(_ options: EncodingOptions = options[0]) throws -> (
    bytes: [UInt8], tokens: PictureTokens
  ) {
    let bytes = try makeEncoder().encode(try picture(), options: options).bytes
    return (bytes, try PictureTokens(try CodedPicture(parsing: bytes), table: network.levels))
  }

  @Test(arguments: options)
  func comesBackByteForByte(_ options: EncodingOptions) throws {
    let (bytes, tokens) = try Self.tokens(options)
    #expect(tokens.codePathsAreThoseOfTheQuantizer)
    #expect(tokens.codedPicture().serialized() == bytes)
    let file = try PictureTokens(safetensors: tokens.safetensors(withStates: true))
    #expect(file == tokens)
    #expect(try file.serializedPicture() == bytes)
    let array = try tokens.numPy()
    let read = try PictureTokens(numPy: array.array, description: array.description)
    #expect(read == tokens)
    #expect(try read.serializedPicture() == bytes)
  }

  /// Much graphics makes a description larger than the header of any weights.
  @Test func keepsManyGraphics() throws {
    var noise = UInt32(21)
    let picture = Picture(
      width: 1100, height: 1000, colorType: .rgb,
      samples: (0..<3_300_000).map { _ in
        noise = noise &* 1_664_525 &+ 1_013_904_223
        return UInt8(noise >> 24)
      })
    let bytes = try LosslessEncoder(pool: WorkerPool(threadCount: 2)).encode(
      picture, options: EncodingOptions(isLossless: true)
    ).bytes
    let tokens = try PictureTokens(CodedPicture(parsing: bytes), table: .withoutCodes)
    let file = tokens.safetensors()
    #expect(file.count > Safetensors.maximumHeaderBytes)
    #expect(try PictureTokens(safetensors: file).serializedPicture() == bytes)
  }

  @Test func keepsAlphaAndMetadata() throws {
    let opaque = try samplePicture("sample.png").cropped(x: 0, y: 0, width: 70, height: 50)
    let picture = Picture(
      width: 70, height: 50, colorType: .rgb, samples: opaque.samples,
      alpha: (0..<3500).map { UInt8($0 % 251) },
      metadata: PictureMetadata(iccProfile: [1, 2, 3], exif: [4], xmp: Array("<x/>".utf8)))
    let bytes = try makeEncoder().encode(picture).bytes
    let tokens = try PictureTokens(try CodedPicture(parsing: bytes), table: network.levels)
    #expect(
      try PictureTokens(safetensors: try tokens.safetensors()).serializedPicture() == bytes)
    let array = try tokens.numPy()
    #expect(
      try PictureTokens(numPy: array.array, description: array.description).serializedPicture()
        == bytes)
  }

  // MARK: What others send

  /// The array of other numbers, with the description of a good file.
  private func array(
    _ tokens: PictureTokens, shape: [Int]? = nil, _ change: (inout [Int32]) -> Void
  ) throws -> PictureTokens {
    var values = tokens.tokens
    change(&values)
    return try PictureTokens(
      numPy: NumPyArray.serialized(values, shape: shape ?? tokens.shape),
      description: try tokens.numPy().description)
  }

  @Test func refusesTokensThatDoNotFit() throws {
    let tokens = try Self.tokens().tokens
    let coded = try #require(tokens.tokens.firstIndex { $0 >= 0 })
    let absent = try #require(tokens.tokens.firstIndex(of: -1))
    for (place, value) in [
      (coded, Int32(-1)), (coded, 256), (coded, .max), (coded, .min), (absent, 0), (absent, -2),
    ] {
      let error = #expect(throws: TokenError.self) {
        try array(tokens) { $0[place] = value }
      }
      guard case .invalidToken(_, _, _, let found, _) = error else {
        Issue.record("\(String(describing: error))")
        continue
      }
      #expect(found == Int(value))
    }
    let (rows, columns, width) = (tokens.shape[0], tokens.shape[1], tokens.shape[2])
    for shape in [
      [columns, rows, width], [rows * columns, width], [rows * columns * width],
      [
        rows, columns, width, 1,
      ],
    ] where shape != tokens.shape {
      #expect(
        throws: TokenError.wrongShape(name: "tokens", expected: tokens.shape, found: shape)
      ) {
        try array(tokens, shape: shape) { _ in }
      }
    }
    // A token of another path is another picture, but a file all the same.
    let other = try array(tokens) { $0[coded] ^= 1 }
    #expect(try makeDecoder().decode(try other.serializedPicture()).width == 290)
  }

  @Test(arguments: [
    (#""format":1"#, #""format":2"#), (#""width":290"#, #""width":0"#),
    (#""width":290"#, #""width":-16"#), (#""width":290"#, #""width":9223372036854775807"#),
    (#""width":290"#, #""width":400"#), (#""height":270"#, #""height":65536"#),
    (#""colorType":"rgb""#, #""colorType":"cmyk""#),
    (#""stateBits":13"#, #""stateBits":4"#), (#""stateBits":13"#, #""stateBits":17"#),
    (#""stateBits":13"#, #""stateBits":9"#), (#""seed":0"#, #""seed":9223372036854775808"#),
    (#""seed":0"#, #""seed":-1"#), (#""tileExponent":4"#, #""tileExponent":16"#),
    (#""model":""#, #""model":"0"#), (#""rows":17"#, #""rows":16"#),
    (#""runs":[[[],"#, #""runs":[[[[0,1]],"#), (#""runs":[[[],"#, #""runs":[[[[1]],"#),
    (#""runs":[[[],"#, #""runs":[[[[1,9223372036854775807]],"#),
    (#""runs":[[[],"#, #""runs":[["#), (#""runs":[[[],"#, #""runs":[[],[[],"#),
    (#""codeWidths":[[[],"#, #""codeWidths":[[[1],"#),
    (#""groupEnds":["#, #""groupEnds":[0,"#), (#""groupEnds":["#, #""groupEnds":[9,"#),
    (#""chunks":[]"#, #""chunks":[{"type":"I","bytes":""}]"#),
    (#""chunks":[]"#, #""chunks":[{"type":"ii","bytes":""}]"#),
    (#""chunks":[]"#, #""chunks":[{"type":"i"}]"#), (#""levels":[["#, #""levels":[[0,"#),
    (#""levels":[["#, #""levels":[[999],["#), (#"{"#, #"["#),
  ])
  func refusesDescriptions(_ old: String, _ new: String) throws {
    let file = try Self.tokens().tokens.numPy()
    let text = String(decoding: file.description, as: UTF8.self)
    let range = try #require(text.range(of: old), "nothing to change")
    #expect(throws: TokenError.self) {
      try PictureTokens(
        numPy: file.array, description: Array(text.replacingCharacters(in: range, with: new).utf8))
    }
  }

  @Test func refusesChunksThatReadersWould() throws {
    let file = try Self.tokens().tokens.numPy()
    for chunks in [
      #"[{"type":"a","bytes":"AAAA"}]"#,
      #"[{"type":"i","bytes":"AAAA"},{"type":"i","bytes":"AAAA"}]"#,
    ] {
      let text = String(decoding: file.description, as: UTF8.self)
        .replacingOccurrences(of: #""chunks":[]"#, with: #""chunks":"# + chunks)
      let tokens = try PictureTokens(numPy: file.array, description: Array(text.utf8))
      #expect(throws: BitstreamError.self) { try tokens.serializedPicture() }
    }
  }

  /// A NumPy file with this header.
  private func numPy(_ header: String, data: Int, version: UInt8 = 1) -> [UInt8] {
    let text = Array(header.utf8)
    var bytes: [UInt8] = [0x93] + Array("NUMPY".utf8) + [version, 0]
    bytes += [UInt8(text.count & 255), UInt8(text.count >> 8)]
    if version > 1 { bytes += [0, 0] }
    return bytes + text + [UInt8](repeating: 1, count: data)
  }

  @Test(arguments: [
    "", "{", "{}", "{'descr': '<f4', 'fortran_order': False, 'shape': (2,), }",
    "{'descr': '<c8', 'fortran_order': False, 'shape': (1,), }",
    "{'descr': '>i4', 'fortran_order': False, 'shape': (2,), }",
    "{'descr': '|O', 'fortran_order': False, 'shape': (8,), }",
    "{'descr': [('a', '<i4')], 'fortran_order': False, 'shape': (2,), }",
    "{'descr': '<i4', 'fortran_order': True, 'shape': (2,), }",
    "{'descr': '<i4', 'fortran_order': False, 'shape': (3,), }",
    "{'descr': '<i4', 'fortran_order': False, 'shape': (-2,), }",
    "{'descr': '<i4', 'fortran_order': False, 'shape': (2.0,), }",
    "{'descr': '<i4', 'fortran_order': False, 'shape': (9223372036854775807, 4), }",
    "{'descr': '<i4', 'fortran_order': False, 'shape': (99999999999999999999,), }",
    "{'descr': '<i4', 'fortran_order': False, 'shape': (1000000000, 0), }",
    "{'descr': '<i4', 'fortran_order': False, 'shape': 2, }",
    "{'descr': '<i4', 'fortran_order': False}", "{'descr': '<i4, 'fortran_order': False}",
    "{'descr': '<i4', 'fortran_order': False, 'shape': (2,), } x",
    "{'descr': '<i4', 'fortran_order': False, 'shape': (2,), 'more': 1}",
  ])
  func refusesArrays(_ header: String) {
    #expect(throws: TokenError.self) { try NumPyArray(parsing: numPy(header, data: 8)) }
  }

  @Test func readsWhatNumPyWrites() throws {
    let header = "{'descr': '<i2', 'fortran_order': False, 'shape': (2, 2), }  \n"
    for version in UInt8(1)...3 {
      let array = try NumPyArray(parsing: numPy(header, data: 8, version: version))
      #expect(array.shape == [2, 2] && array.values == [257, 257, 257, 257])
    }
    #expect(throws: TokenError.self) { try NumPyArray(parsing: numPy(header, data: 8, version: 4)) }
    #expect(throws: TokenError.wrongByteCount(what: "array", expected: 8, found: 7)) {
      try NumPyArray(parsing: numPy(header, data: 7))
    }
    let scalar = try NumPyArray(parsing: NumPyArray.serialized([-7], shape: []))
    #expect(scalar.shape.isEmpty && scalar.values == [-7])
    let whole = NumPyArray.serialized([1, -1, .max, .min], shape: [2, 2])
    #expect(whole.count % 64 == 16)
    for count in whole.indices {
      #expect(throws: TokenError.self) { try NumPyArray(parsing: Array(whole.prefix(count))) }
    }
  }

  @Test func refusesSafetensorsOfOtherKinds() throws {
    let tokens = try Self.tokens().tokens
    let whole = tokens.safetensors()
    for count in stride(from: 0, to: whole.count, by: 997) {
      #expect(throws: ModelError.self) {
        try PictureTokens(safetensors: Array(whole.prefix(count)))
      }
    }
    #expect(throws: TokenError.self) {
      try PictureTokens(safetensors: SafetensorsWriter().serialized())
    }
    let text = Array(try Safetensors(parsing: whole).metadata.values)[0]
    func file(_ fill: (inout SafetensorsWriter) -> Void) -> [UInt8] {
      var writer = SafetensorsWriter(metadata: [PictureTokens.metadataKey: text])
      fill(&writer)
      return writer.serialized()
    }
    let grid = [tokens.shape[0], tokens.shape[1]]
    #expect(throws: ModelError.missingTensor("levels")) {
      try PictureTokens(
        safetensors: file { $0.add("tokens", shape: tokens.shape, int32: tokens.tokens) })
    }
    #expect(throws: ModelError.missingTensor("tokens")) {
      try PictureTokens(
        safetensors: file { $0.add("levels", shape: grid, uint8: tokens.levelMap.levels) })
    }
    #expect(throws: TokenError.self) {
      try PictureTokens(
        safetensors: file {
          $0.add("tokens", shape: [tokens.tokens.count], int32: tokens.tokens)
          $0.add("levels", shape: grid, uint8: tokens.levelMap.levels)
        })
    }
    #expect(throws: TokenError.self) {
      try PictureTokens(
        safetensors: file {
          $0.add("tokens", shape: tokens.shape, int32: tokens.tokens)
          $0.add("levels", shape: grid, uint8: tokens.levelMap.levels.map { _ in 200 })
        })
    }
  }

  // MARK: The document's example

  /// python3 with NumPy.
  static let python: String? = [
    "/usr/bin/python3", "/usr/local/bin/python3",
  ].first {
    guard FileManager.default.isExecutableFile(atPath: $0) else { return false }
    let process = Process()
    process.executableURL = URL(fileURLWithPath: $0)
    process.arguments = ["-c", "import numpy"]
    process.standardError = Pipe()
    guard (try? process.run()) != nil else { return false }
    process.waitUntilExit()
    return process.terminationStatus == 0
  }

  /// Runs the Python of `docs/tokens.md` and then `code` in a folder, and returns what it wrote.
  private func runExample(_ code: String, in folder: URL) throws -> [UInt8] {
    let document = try String(
      contentsOf: URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .appendingPathComponent("../../docs/tokens.md"), encoding: .utf8)
    let blocks = document.components(separatedBy: "```python\n").dropFirst()
      .map { $0.components(separatedBy: "```")[0] }
    #expect(blocks.count == 2)
    let script = folder.appendingPathComponent("example.py")
    try Data((blocks.joined() + code).utf8).write(to: script)
    let process = Process()
    process.executableURL = URL(fileURLWithPath: try #require(Self.python))
    process.arguments = [script.path]
    process.currentDirectoryURL = folder
    let output = Pipe()
    process.standardOutput = output
    try process.run()
    let data = output.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    #expect(process.terminationStatus == 0)
    return [UInt8](data)
  }

  private func bits(_ values: [Float]) -> [UInt8] {
    values.flatMap { value in
      (0..<4).map { UInt8(truncatingIfNeeded: value.bitPattern >> (8 * $0)) }
    }
  }

  @Test(.enabled(if: python != nil, "python3 with NumPy is not installed"))
  func exampleGivesTheQuantizersBits() throws {
    let folder = try temporaryFolder()
    defer { try? FileManager.default.removeItem(at: folder) }
    let found = try runExample(
      """

      import sys
      for dimension, seed in ((1, 0), (3, 7), (8, 1 << 40)):
          sys.stdout.buffer.write(indices_to_codes(np.arange(4096), dimension, seed).tobytes())
      for state_bits, seed in ((5, 0), (12, 0), (16, 7)):
          for width, cell in ((2, 0), (3, 1), (8, 62)):
              states = np.arange(1 << state_bits)
              sys.stdout.buffer.write(
                  trellis_values(states, 4 * cell + 0 * states, width + 0 * states, state_bits, seed).tobytes())
      """, in: folder)
    var expected: [Float] = []
    for (dimension, seed) in [(1, UInt64(0)), (3, 7), (8, 1 << 40)] {
      expected += try Codebook(dimension: dimension, size: 4096, seed: seed).values
    }
    for (stateBits, seed) in [(5, UInt64(0)), (12, 0), (16, 7)] {
      let trellis = try Trellis(stateBitCount: stateBits, seed: seed)
      for (width, cell) in [(2, UInt32(0)), (3, 1), (8, 62)] {
        expected += (0..<UInt32(1) << UInt32(stateBits)).map {
          trellis.value(of: $0, bits: 4 * cell, count: width)
        }
      }
    }
    // Not as one expression: a difference would be printed whole.
    let isEqual = found == bits(expected)
    #expect(isEqual)
  }

  @Test(.enabled(if: python != nil, "python3 with NumPy is not installed"), arguments: options)
  func exampleGivesTheDecodersValues(_ options: EncodingOptions) throws {
    let folder = try temporaryFolder()
    defer { try? FileManager.default.removeItem(at: folder) }
    let (bytes, tokens) = try Self.tokens(options)
    let file = try tokens.numPy()
    try Data(file.array).write(to: folder.appendingPathComponent("t.npy"))
    try Data(file.description).write(to: folder.appendingPathComponent("t.json"))
    try Data(tokens.numPyStates()).write(to: folder.appendingPathComponent("t.states.npy"))
    let found = try runExample(
      """

      import json, sys
      info, tokens = json.load(open("t.json")), np.load("t.npy")
      levels = np.array(info["levels"])
      assert (np.load("t.states.npy") == trellis_states(tokens, levels, info)[0]).all()
      sys.stdout.buffer.write(values(tokens, levels, info).tobytes())
      """, in: folder)
    let coded = try CodedPicture(parsing: bytes)
    let quantizer = try TrellisQuantizer(coded.header, table: network.levels, pool: network.pool)
    let packing = LatentCoder(
      network: network, quantizer: quantizer, header: coded.header, levelMap: coded.levelMap,
      order: coded.order
    ).packing
    let (codes, starts) = try packing.unpack(coded.segments)
    let (width, all) = (tokens.width, network.levels.width)
    var expected = [Float](repeating: 0, count: codes.count * width)
    var paths = starts.map { TilePath(start: $0) }
    for phase in CodingPhase.allCases {
      let segments = packing.layout.segments(of: packing.layout.tiles.indices, phase)
      var own = Array(paths[segments])
      let positions = phase.positions(rows: coded.levelMap.rows, columns: coded.levelMap.columns)
      let values = quantizer.decode(
        positions.map { codes[$0] }, levels: positions.map { coded.levelMap.levels[$0] }, phase,
        tiles: packing.tiles(
          packing.layout.tiles.indices, of: phase, positions: positions), paths: &own)
      paths.replaceSubrange(segments, with: own)
      for (k, position) in positions.enumerated() {
        // Coefficients of 0 bits have no tokens.
        let sent = network.levels.coefficients(coded.levelMap.levels[position], phase)
        for (place, c) in sent.enumerated() {
          expected[position * width + place] = values[k * all + c]
        }
      }
    }
    // Not as one expression: a difference would be printed whole.
    let isEqual = found == bits(expected)
    #expect(isEqual)
  }

  private func temporaryFolder() throws -> URL {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent(
      "tokens-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    return folder
  }
}

extension PictureTokens {
  /// Whether the widths are those that the codec itself packs with.
  fileprivate var codePathsAreThoseOfTheQuantizer: Bool {
    codes == network.levels.codes
  }
}

import Foundation

/// The built program and a folder to work in.
struct Program {
  let folder: URL

  init() throws {
    folder = FileManager.default.temporaryDirectory.appendingPathComponent(
      "gqimg-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
  }

  struct Result {
    let exitCode: Int32
    let output: [UInt8]
    let errors: String
  }

  static let executable: URL = {
    let tests = Bundle.main.executableURL ?? URL(fileURLWithPath: CommandLine.arguments[0])
    var folder = tests.deletingLastPathComponent()
    // On some systems the test bundle is a folder of its own.
    for _ in 0..<4 {
      let candidate = folder.appendingPathComponent("gqimg")
      if FileManager.default.isExecutableFile(atPath: candidate.path) { return candidate }
      folder = folder.deletingLastPathComponent()
    }
    fatalError("gqimg was not built beside the tests")
  }()

  /// Whether `run` can hold the program to so much memory.
  static var canLimitMemory: Bool {
    #if os(Linux)
      FileManager.default.isExecutableFile(atPath: "/bin/bash")
    #else
      false
    #endif
  }

  /// Runs `gqimg` in the folder, `input` on its standard input, `path` in the place of `PATH`, with at most so many
  /// megabytes (2^20 bytes) of address space.
  func run(
    _ arguments: [String], input: [UInt8] = [], path: String? = nil, megabytes: Int? = nil
  ) throws -> Result {
    let process = Process()
    if let path {
      process.environment = ProcessInfo.processInfo.environment.merging(["PATH": path]) { $1 }
    }
    process.executableURL = Self.executable
    process.arguments = arguments
    if let megabytes {
      process.executableURL = URL(fileURLWithPath: "/bin/bash")
      let limit = "ulimit -v \(megabytes << 10) && ulimit -c 0 && exec \"$0\" \"$@\""
      process.arguments = ["-c", limit, Self.executable.path] + arguments
    }
    process.currentDirectoryURL = folder
    let inputFile = folder.appendingPathComponent(".standard-input")
    let outputFile = folder.appendingPathComponent(".standard-output")
    let errorFile = folder.appendingPathComponent(".standard-error")
    try Data(input).write(to: inputFile)
    try Data().write(to: outputFile)
    try Data().write(to: errorFile)
    process.standardInput = try FileHandle(forReadingFrom: inputFile)
    process.standardOutput = try FileHandle(forWritingTo: outputFile)
    process.standardError = try FileHandle(forWritingTo: errorFile)
    try process.run()
    process.waitUntilExit()
    return Result(
      exitCode: process.terminationStatus, output: [UInt8](try Data(contentsOf: outputFile)),
      errors: String(decoding: try Data(contentsOf: errorFile), as: UTF8.self))
  }

  /// Names in the folder, those of this helper apart.
  func names() throws -> Set<String> {
    Set(try FileManager.default.contentsOfDirectory(atPath: folder.path))
      .subtracting([".standard-input", ".standard-output", ".standard-error"])
  }

  /// Puts test pictures into the folder `pictures`.
  func copyPictures(_ names: [String]) throws {
    let pictures = folder.appendingPathComponent("pictures")
    try FileManager.default.createDirectory(at: pictures, withIntermediateDirectories: true)
    for name in names {
      try FileManager.default.copyItem(
        atPath: Self.testdata(name), toPath: pictures.appendingPathComponent(name).path)
    }
  }

  func write(_ name: String, _ bytes: [UInt8]) throws {
    try Data(bytes).write(to: folder.appendingPathComponent(name))
  }

  func read(_ name: String) throws -> [UInt8] {
    [UInt8](try Data(contentsOf: folder.appendingPathComponent(name)))
  }

  func remove() { try? FileManager.default.removeItem(at: folder) }

  /// A file of `testdata`.
  static func testdata(_ name: String) -> String {
    URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .appendingPathComponent("../../testdata/\(name)").standardized.path
  }
}

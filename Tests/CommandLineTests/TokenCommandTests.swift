import Foundation
import Testing

/// `gqimg tokens` as people run it.
final class TokenCommandTests {
  let program: Program

  init() throws {
    program = try Program()
    let made = try program.run(
      ["compress", Program.testdata("sample.png"), "a.gqz", "--bpp", "0.3"])
    #expect(made.exitCode == 0)
  }
  deinit { program.remove() }

  @Test(arguments: ["t.safetensors", "t.npy"])
  func exportsAndImports(_ name: String) throws {
    let exported = try program.run(["tokens", "export", "a.gqz", name, "--states"])
    #expect(exported.exitCode == 0, "\(exported.errors)")
    #expect(
      try program.names()
        == (name == "t.npy"
          ? ["a.gqz", "t.npy", "t.json", "t.states.npy"] : ["a.gqz", "t.safetensors"]))
    #expect(try program.run(["tokens", "import", name, "b.gqz"]).exitCode == 0)
    #expect(try program.read("b.gqz") == program.read("a.gqz"))
    #expect(try program.run(["tokens", "export", "a.gqz", name]).exitCode == 1)
    #expect(try program.run(["tokens", "export", "a.gqz", name, "--force"]).exitCode == 0)
    #expect(try program.run(["tokens", "import", name, "b.gqz"]).exitCode == 1)
    #expect(try program.run(["tokens", "import", name, "-"]).output == program.read("a.gqz"))
  }

  /// Not even with --force, and by no other name.
  @Test func inputsAreNotOverwritten() throws {
    #expect(try program.run(["tokens", "export", "a.gqz", "t.npy"]).exitCode == 0)
    try FileManager.default.createSymbolicLink(
      atPath: program.folder.path + "/s.npy", withDestinationPath: "a.gqz")
    let before = try ["a.gqz", "t.npy", "t.json"].map { try program.read($0) }
    for arguments in [
      ["import", "t.npy", "t.npy"], ["import", "t.npy", "t.json"], ["export", "a.gqz", "s.npy"],
    ] {
      let result = try program.run(["tokens"] + arguments + ["-f"])
      #expect(result.exitCode == 1 && result.errors.contains("never overwritten"))
    }
    #expect(try ["a.gqz", "t.npy", "t.json"].map { try program.read($0) } == before)
  }

  @Test func saysWhatIsWrong() throws {
    #expect(try program.run(["tokens", "export", "a.gqz", "t.txt"]).exitCode == 64)
    #expect(try program.run(["tokens", "export", "absent.gqz", "t.npy"]).exitCode == 1)
    #expect(try program.run(["tokens", "export", "a.gqz", "t.npy"]).exitCode == 0)
    try program.write("t.npy", Array("no array at all".utf8))
    let refused = try program.run(["tokens", "import", "t.npy", "b.gqz"])
    #expect(refused.exitCode == 1)
    #expect(refused.errors == "gqimg: t.npy: not a NumPy array: the signature is missing\n")
    #expect(try !program.names().contains("b.gqz"))
  }

  @Test func findsWeightsWhereTheEnvironmentSays() throws {
    // The folder named first has a file that is no model.
    try program.write("gqimg.safetensors", [1, 2, 3])
    let shell = Process()
    shell.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    shell.arguments = [
      "GQIMG_MODEL_PATH=/nowhere:\(program.folder.path)", Program.executable.path, "info",
      "--model",
    ]
    let errors = Pipe()
    shell.standardError = errors
    try shell.run()
    let text = String(decoding: errors.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    shell.waitUntilExit()
    #expect(shell.terminationStatus == 1)
    #expect(text.contains("header length"), "\(text)")
  }
}

import Foundation
import Testing

/// What `make install` puts under a prefix, with the program that was built for the tests.
final class InstallationTests {
  let program: Program
  let packaging = URL(fileURLWithPath: Program.testdata("../packaging"))

  init() throws { program = try Program() }
  deinit { program.remove() }

  private static func isThere(_ path: String) -> Bool {
    FileManager.default.isExecutableFile(atPath: path)
  }

  /// Runs a program and returns its exit code and what it printed, errors too.
  private func run(_ path: String, _ arguments: [String]) throws -> (code: Int32, text: String) {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: path)
    process.arguments = arguments
    process.currentDirectoryURL = program.folder
    let output = Pipe()
    process.standardOutput = output
    process.standardError = output
    try process.run()
    let data = output.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    return (process.terminationStatus, String(decoding: data, as: UTF8.self))
  }

  @Test(.enabled(if: isThere("/usr/bin/python3"), "python3 is not installed"))
  func everythingIsInstalledAndWorks() throws {
    let root = program.folder.appendingPathComponent("root")
    let installed = try run(
      "/bin/bash",
      [
        packaging.appendingPathComponent("install.sh").path,
        Program.executable.deletingLastPathComponent().path, "/usr", root.path,
      ])
    #expect(installed.code == 0, "\(installed.text)")
    let usr = root.appendingPathComponent("usr")
    for name in [
      "share/gqimg/gqimg.magic", "share/mime/packages/gqimg.xml",
      "share/thumbnailers/gqimg.thumbnailer", "share/bash-completion/completions/gqimg",
      "share/zsh/vendor-completions/_gqimg", "share/fish/vendor_completions.d/gqimg.fish",
      "share/man/man1/gqimg.1.gz", "share/man/man1/gqimg-compress.1.gz",
      "share/man/man1/gqimg-decompress.1.gz", "share/man/man1/gqimg-info.1.gz",
      "share/man/man1/gqimg-verify.1.gz", "share/man/man1/gqimg-report.1.gz",
    ] {
      let path = usr.appendingPathComponent(name).path
      #expect((try? Data(contentsOf: URL(fileURLWithPath: path)).count) ?? 0 > 100, "\(name)")
    }
    // The program finds its model where the installation put it.
    let binary = usr.appendingPathComponent("bin/gqimg").path
    let version = try run(binary, ["--version"])
    #expect(version.text == String(decoding: try program.run(["--version"]).output, as: UTF8.self))
    #expect(
      try run(binary, ["compress", Program.testdata("read/rgb.png"), "a.gqz", "--quiet"]) == (0, "")
    )

    // As a file manager does: into a file that is there and has no ending.
    try program.write("thumbnail", [])
    let entry = try String(
      contentsOf: usr.appendingPathComponent("share/thumbnailers/gqimg.thumbnailer"),
      encoding: .utf8)
    let line = try #require(entry.split(separator: "\n").first { $0.hasPrefix("Exec=gqimg ") })
    let arguments = line.dropFirst(11).split(separator: " ").map {
      ["%s": "16", "%i": "a.gqz", "%o": "thumbnail"][String($0)] ?? String($0)
    }
    #expect(try run(binary, arguments) == (0, ""))
    #expect(try program.read("thumbnail").starts(with: [0x89, 0x50, 0x4E, 0x47]))
  }

  @Test(.enabled(if: isThere("/usr/bin/file"), "file is not installed"))
  func fileKnowsTheFormat() throws {
    _ = try program.run(["compress", Program.testdata("read/rgb.png"), "a.gqz"])
    let magic = packaging.appendingPathComponent("gqimg.magic").path
    #expect(
      try run("/usr/bin/file", ["-m", magic, "a.gqz"]).text
        == "a.gqz: gqimg picture, version 1\n")
    #expect(
      try run("/usr/bin/file", ["-b", "--mime-type", "-m", magic, "a.gqz"]).text == "image/x-gqz\n")
    try program.write("b.gqz", Array("\u{8B}GQZ\n".utf8))
    #expect(!(try run("/usr/bin/file", ["-m", magic, "b.gqz"]).text.contains("gqimg")))
  }

  /// Every option is in the pages, and every page is sound roff.
  @Test(.enabled(if: isThere("/usr/bin/python3"), "python3 is not installed"))
  func manualPagesAreComplete() throws {
    let made = try run(
      "/usr/bin/python3",
      [packaging.appendingPathComponent("manual.py").path, Program.executable.path, "pages"])
    #expect(made.code == 0, "\(made.text)")
    let page = String(decoding: try program.read("pages/gqimg-compress.1"), as: UTF8.self)
      .replacing("\\-", with: "-")
    for option in [
      "--quality", "--bpp", "--size", "--strip", "--strict", "--output", "--force", "--quiet",
      "--verbose", "--json", "--model", "--threads", "EXIT STATUS", "--output <folder> <in> ...",
    ] {
      #expect(page.contains(option), "\(option)")
    }
    if Self.isThere("/usr/bin/man") {
      for name in try FileManager.default.contentsOfDirectory(
        atPath: program.folder.appendingPathComponent("pages").path)
      {
        let shown = try run("/usr/bin/man", ["--warnings", "-l", "-Tutf8", "pages/\(name)"])
        #expect(shown.code == 0 && !shown.text.contains("warning"), "\(shown.text.prefix(500))")
      }
    }
  }
}

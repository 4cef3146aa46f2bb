import Foundation
import GQPixelIO
import Testing

/// Names, folders and options as people give them.
final class FileNameTests {
  let program: Program
  let small = Program.testdata("read/rgb.png")

  init() throws { program = try Program() }
  deinit { program.remove() }

  /// Runs a line in `bash`, `$G` being the program, and returns its exit code and what it printed.
  private func shell(_ line: String) throws -> (exitCode: Int32, text: String) {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/bin/bash")
    process.arguments = ["-c", "exec 2>&1; " + line]
    process.environment = ProcessInfo.processInfo.environment.merging(
      ["G": Program.executable.path, "P": small, "LC_ALL": "C"]
    ) { $1 }
    process.currentDirectoryURL = program.folder
    let pipe = Pipe()
    process.standardOutput = pipe
    try process.run()
    let bytes = pipe.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    return (process.terminationStatus, String(decoding: bytes, as: UTF8.self))
  }

  @Test func inputsAreNeverOverwritten() throws {
    let picture = [UInt8](try Data(contentsOf: URL(fileURLWithPath: small)))
    for name in ["a.png", "b.png", "c.jpg", "d.HEIC", "e"] { try program.write(name, picture) }
    for line in [
      "$G compress -f a.png a.png", "$G compress -f a.png b.png", "$G compress -f *.png",
      "$G compress -f a.png c.jpg", "$G compress -f a.png d.HEIC", "$G compress -f a.png new.tif",
      "$G compress -f e e", "$G compress -f e ./e",
      "ln -s a.png l; $G compress -f a.png l; r=$?; rm l; exit $r",
      "$G compress -f a.png ''", "$G compress -o '' a.png", "$G compress -o new.jpg a.png",
    ] {
      let result = try shell(line)
      #expect(result.exitCode != 0, "\(line)")
      #expect(try program.names() == ["a.png", "b.png", "c.jpg", "d.HEIC", "e"], "\(line)")
      for name in try program.names() { #expect(try program.read(name) == picture, "\(line)") }
    }
    #expect(
      try shell("$G compress a.png a.gqz && $G decompress a.gqz x.gqz --format png").exitCode == 64)
    #expect(try shell("cp a.gqz f.png; $G decompress -f -o . f.png; cmp a.gqz f.png").exitCode == 0)
  }

  @Test(arguments: [
    #"cp $P ./-dash.png; $G compress -dash.png -out.gqz && $G decompress -out.gqz -back.png && test -s ./-back.png"#,
    #"cp $P ./--dash.png; $G compress --dash.png o.gqz && test -s o.gqz"#,
    #"mkdir ./-dir; cp $P ./-dir/a.png; $G compress -dir -o -out; $G compress -o out -dir && test -s out/a.gqz"#,
    #"cp $P $'l\xe9.png'; $G compress $'l\xe9.png' $'o\xe9\xff.gqz' && test -s $'o\xe9\xff.gqz' && $G verify $'o\xe9\xff.gqz'"#,
    #"mkdir $'d\xe9'; cp $P $'d\xe9/p\xfc.png'; $G compress -o $'e\xe9' $'d\xe9' && test -s $'e\xe9/p\xfc.gqz'"#,
    #"mkdir d; $G compress $P $'d/\u0301y.gqz' && test -s $'d/\u0301y.gqz'"#,
    #"$G compress $P $'\U10ffe9.gqz' && test -s $'\U10ffe9.gqz'"#,
    #"$G compress $P a.gqz -q50 -e1 && $G compress $P b.gqz -q 50 -e 1 && cmp a.gqz b.gqz"#,
    #"for s in 2kb 2kB 2k 2000B; do $G compress -f $P a.gqz --size $s && test $(stat -c %s a.gqz) -le 2000 || exit 1; done"#,
    #"$G compress $P a.gqz --size 2KiB && test $(stat -c %s a.gqz) -le 2048"#,
    #"$G compress $P a.gqz; $G decompress a.gqz /dev/stdout >a.png && $G decompress a.gqz b.png && cmp a.png b.png"#,
    #"$G compress $P a.gqz; printf '\n' >>a.gqz; $G verify a.gqz && $G decompress a.gqz a.png && printf '\r\n' >>a.gqz && ! $G info a.gqz"#,
    #"$G compress $P a.gqz; printf x >x; $G decompress a.gqz - >>x && $G decompress a.gqz /dev/stdout >>y && cmp <(tail -c +2 x) y"#,
    #"$G compress $P /dev/stdout >a.gqz && $G verify a.gqz"#,
    #"touch -d 2001-02-03 a.png; cat $P >a.png; touch -d 2001-02-03 a.png; $G compress --keep-times a.png a.gqz && test $(stat -c %Y a.gqz) = $(stat -c %Y a.png)"#,
    #"ln -s absent l.gqz; ! $G compress -f $P l.gqz && test -L l.gqz"#,
    #"mkdir d; cp $P d; $G compress -o d d && $G verify d && $G verify --json d d/rgb.gqz | grep -c intact | grep -qx 2"#,
    #"$G compress $P a.gqz; $G decompress --fit 10 a.gqz a.png 2>&1 | grep -q "10x6 from 37x23""#,
  ])
  func works(line: String) throws {
    let result = try shell(line)
    #expect(result.exitCode == 0, "\(line)\n\(result.text)")
  }

  @Test(arguments: [
    (#"$G compress $P a.gqz --bpp inf"#, "at most 1000"),
    (#"$G compress -xyh $P"#, "unknown option"),
    (#"$G compress $P a.gqz --size 2q"#, "--size"),
    (#"$G compress $P a.gqz; $G info a.gqz >/dev/full"#, "No space left"),
    (#"$G compress $P a.gqz; $G verify a.gqz >/dev/full"#, "No space left"),
    (#"$G --version >/dev/full"#, "No space left"),
    (#"$G compress $P a.gqz --json >/dev/full"#, "No space left"),
    (#"$G compress $P /dev/full"#, "No space left"),
    (#"$G compress $P - >/dev/full"#, "No space left"),
    (#"mkdir d; $G verify d"#, "no files"),
    (#"$G compress $P a.gqz; script -qec "$G decompress a.gqz -" /dev/null"#, "terminal"),
  ])
  func fails(line: String, text: String) throws {
    let result = try shell(line)
    #expect(result.exitCode != 0 && result.text.contains(text), "\(line)\n\(result.text)")
  }

  @Test func foldersSayWhatTheySkip() throws {
    _ = try shell(
      "mkdir d; cp $P d/a.png; printf Mac >d/._a.png; touch d/b.HEIC d/c.HEIC d/notes; mkfifo d/p.png"
    )
    let brief = try shell("$G compress -o one d")
    #expect(brief.exitCode == 0)
    #expect(brief.text.contains("5 files skipped: 2 .heic"))
    let long = try shell("$G compress -v -o two d")
    for name in ["._a.png", "b.HEIC", "c.HEIC", "notes", "p.png"] {
      #expect(long.text.contains("  \(name): "))
    }
  }

  @Test func runsGoOnWhereTheyStopped() throws {
    let result = try shell(
      """
      mkdir d; cp $P d/a.png; cp $P d/a.PNG; cp $P d/b.jfif
      $G compress -o o d --keep-endings || exit 1
      ls o | tr '\\n' ' ' | grep -q 'a.PNG.gqz a.png.gqz b.jfif.gqz' || exit 2
      rm o/a.png.gqz; touch -d 2001-02-03 o/*
      $G compress -o o d --keep-endings && exit 3
      $G compress -o o d --keep-endings --skip-existing || exit 4
      test -s o/a.png.gqz || exit 5
      test $(find o -newermt 2002-01-01 -type f | wc -l) = 1 || exit 6
      $G compress -o p d 2>&1 | grep -q 'keep-endings' || exit 7
      """)
    #expect(result.exitCode == 0, "\(result.text)")
    #expect(result.text.contains("3 files skipped: there already"))
  }

  /// Bytes to string and back, whatever the bytes.
  @Test func namesAreBytes() {
    var state: UInt64 = 5
    for _ in 0..<20000 {
      let bytes = (0..<Int(state % 7)).map { _ in
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return [0x41, 0xC3, 0xA9, 0xE2, 0x82, 0xF4, 0x8F, 0xBF, 0xBF, 0xFF, 0xCC, 0x81][
          Int(state >> 40) % 12] as UInt8
      }
      #expect(SystemPath.bytes(SystemPath.string(bytes)) == bytes)
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
    }
  }
}

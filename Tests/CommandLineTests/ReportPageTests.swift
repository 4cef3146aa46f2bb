import Foundation
import GQCodec
import GQPixelIO
import Testing

@testable import GQReport

/// The page of a report in a real browser.
final class ReportPageTests {
  let program: Program

  init() throws { program = try Program() }
  deinit { program.remove() }

  private static let browser = ["chromium", "chromium-browser", "google-chrome"].lazy
    .compactMap { ProgramPath.find($0) }.first

  private struct Found: Decodable {
    struct Check: Decodable {
      let name: String
      let ok: Bool
      let detail: String
    }
    let checks: [Check]
    let problems: [String]
  }

  @Test(.enabled(if: browser != nil, "Chromium is not installed"))
  func pageWorksInABrowser() throws {
    try program.copyPictures(["chelsea.png", "camera.png"])
    let report = try program.run([
      "report", "pictures", "--output", "out", "--rates", "0.15,0.25,0.5", "-e", "1", "--runs", "2",
      "--against", ProgramPath.find("cwebp") == nil ? "jpeg" : "jpeg,webp",
    ])
    try #require(report.exitCode == 0, "\(report.errors)")
    let page = String(decoding: try program.read("out/index.html"), as: UTF8.self)
    let rows = table(String(decoding: try program.read("out/results.csv"), as: UTF8.self))
    #expect(rows.count >= 10)

    let expected = String(decoding: try JSONEncoder().encode(rows), as: UTF8.self)
    let found = try use(page, script: "const expected = \(expected);\n" + script("checks.js"))
    #expect(found.problems.isEmpty, "\(found.problems)")
    #expect(found.checks.count > 50)
    for check in found.checks { #expect(check.ok, "\(check.name): \(check.detail)") }
    try layoutHolds(page)
  }

  /// The page at three widths, light and dark: what it says everywhere, and that nothing is cut off or without a name.
  private func layoutHolds(_ page: String) throws {
    let body = try #require(page.range(of: "</body>", options: .backwards))
    let inner =
      page[..<body.lowerBound] + "<script>\(try script("layout.js"))</script>"
      + page[body.lowerBound...]
    try program.write("inner.html", Array(inner.utf8))
    let outer = "<!doctype html><html><head></head><body></body></html>"
    let found = try use(outer, script: try script("frames.js"))
    #expect(found.problems.isEmpty, "\(found.problems)")
    #expect(found.checks.count >= 6 * 8)
    for check in found.checks { #expect(check.ok, "\(check.name): \(check.detail)") }
    // Headings, controls and labels are those that were committed.
    let outline = try #require(found.checks.first { $0.name == "outline" }?.detail)
    #expect(outline + "\n" == (try script("outline.txt")))
  }

  /// A picture with alpha can be looked at on any ground.
  @Test(.enabled(if: browser != nil, "Chromium is not installed"))
  func alphaIsShownOnAnyGround() throws {
    try program.copyPictures([])
    let photograph = try PictureReader().read(
      try FileReader.read(Program.testdata("chelsea.png"), maxBytes: 1 << 24))
    let picture = Picture(
      width: photograph.width, height: photograph.height, colorType: .rgb,
      samples: photograph.samples,
      alpha: (0..<(photograph.width * photograph.height)).map { i in UInt8((i / 600) % 256) })
    try program.write("pictures/alpha.png", try PNGWriter().write(picture))
    let report = try program.run([
      "report", "pictures", "--output", "out", "--rates", "0.5,1", "-e", "1", "--runs", "0",
      "--against",
      "jpeg",
    ])
    try #require(report.exitCode == 0, "\(report.errors)")
    let page = String(decoding: try program.read("out/index.html"), as: UTF8.self)
    #expect(page.contains("No times were taken") && page.contains("compared on black and on white"))
    let found = try use(
      page,
      script: """
        (async () => {
          const checks = [];
          try {
            const stage = document.querySelector("#stage");
            for (const ground of ["white", "black", "checks"]) {
              const button = document.querySelector(`#background [data-value="${ground}"]`);
              button.click();
              checks.push({ name: ground, ok: stage.dataset.background === ground
                && document.querySelector("#crops").dataset.background === ground, detail: "" });
            }
            checks.push({ name: "JPEG has no alpha", detail: "",
              ok: ![...document.querySelector("#right-version").options].some(({ value }) => value === "jpeg") });
            checks.push({ name: "no times", ok: !document.querySelector("#table-topic"), detail: "" });
          } catch (error) { problems.push(String(error)); }
          report(checks);
        })();
        """)
    #expect(found.problems.isEmpty, "\(found.problems)")
    #expect(found.checks.count == 5)
    for check in found.checks { #expect(check.ok, "\(check.name): \(check.detail)") }
  }

  private func script(_ name: String) throws -> String {
    try String(
      contentsOf: URL(filePath: #filePath).deletingLastPathComponent()
        .appending(path: "Browser/\(name)"), encoding: .utf8)
  }

  /// The cells of a CSV file without quotes, by their column's name.
  private func table(_ csv: String) -> [[String: String]] {
    let lines = csv.split(separator: "\n").map {
      $0.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
    }
    return lines.dropFirst().map { Dictionary(uniqueKeysWithValues: zip(lines[0], $0)) }
  }

  /// Opens the page with a script in it, and returns what that found and gave to `report`.
  private func use(_ page: String, script: String) throws -> Found {
    let listener = """
      <script>
      const problems = [];
      addEventListener("error", (event) => problems.push(`error: ${event.message ?? event.target?.tagName}`), true);
      addEventListener("unhandledrejection", (event) => problems.push(`rejection: ${event.reason}`));
      addEventListener("securitypolicyviolation", (event) => problems.push(`policy: ${event.blockedURI.slice(0, 80)}`));
      for (const kind of ["error", "warn"]) console[kind] = (...words) => problems.push(`console: ${words.join(" ")}`);
      function report(checks) {
        // In front of all else, since only the beginning of what the browser prints is read.
        const found = document.createElement("pre");
        found.id = "found";
        found.textContent = btoa(unescape(encodeURIComponent(JSON.stringify({ checks, problems }))));
        document.documentElement.prepend(found);
      }
      </script>
      """
    let head = try #require(page.range(of: "<head>"))
    let body = try #require(page.range(of: "</body>", options: .backwards))
    let changed =
      page[..<head.upperBound] + listener + page[head.upperBound..<body.lowerBound]
      + "<script>\(script)</script>" + page[body.lowerBound...]
    try program.write("checked.html", Array(changed.utf8))

    let result = try ChildProcess(
      program: try #require(Self.browser),
      arguments: [
        "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
        "--no-first-run", "--disable-background-networking", "--window-size=1280,1000",
        "--user-data-dir=\(program.folder.path)/browser", "--virtual-time-budget=60000",
        "--enable-logging=stderr", "--dump-dom",
        program.folder.appending(path: "checked.html").absoluteString,
      ], timeout: 180
    ).run()
    let complaints = result.output.split(separator: "\n").filter { $0.contains(":CONSOLE") }
    #expect(complaints.isEmpty, "\(complaints)")
    let start = try #require(
      result.output.range(of: "<pre id=\"found\">"), "\(result.output.suffix(2000))")
    let rest = result.output[start.upperBound...]
    let end = try #require(rest.range(of: "</pre>"), "too much was printed")
    let json = try #require(Data(base64Encoded: String(rest[..<end.lowerBound])))
    return try JSONDecoder().decode(Found.self, from: json)
  }
}

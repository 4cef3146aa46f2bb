import Foundation
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
      "report", "pictures", "--output", "out", "--rates", "0.15,0.25,0.5", "-e", "1",
      "--against", ProgramPath.find("cwebp") == nil ? "jpeg" : "jpeg,webp",
    ])
    try #require(report.exitCode == 0, "\(report.errors)")
    let page = String(decoding: try program.read("out/index.html"), as: UTF8.self)
    let rows = table(String(decoding: try program.read("out/results.csv"), as: UTF8.self))
    #expect(rows.count >= 10)

    let found = try use(page, expecting: rows)
    #expect(found.problems.isEmpty, "\(found.problems)")
    #expect(found.checks.count > 50)
    for check in found.checks { #expect(check.ok, "\(check.name): \(check.detail)") }
  }

  /// The cells of a CSV file without quotes, by their column's name.
  private func table(_ csv: String) -> [[String: String]] {
    let lines = csv.split(separator: "\n").map {
      $0.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
    }
    return lines.dropFirst().map { Dictionary(uniqueKeysWithValues: zip(lines[0], $0)) }
  }

  /// Opens the page with checks in it, and returns what they found.
  private func use(_ page: String, expecting rows: [[String: String]]) throws -> Found {
    let listener = """
      <script>
      const problems = [];
      addEventListener("error", (event) => problems.push(`error: ${event.message ?? event.target?.tagName}`), true);
      addEventListener("unhandledrejection", (event) => problems.push(`rejection: ${event.reason}`));
      addEventListener("securitypolicyviolation", (event) => problems.push(`policy: ${event.blockedURI.slice(0, 80)}`));
      for (const kind of ["error", "warn"]) console[kind] = (...words) => problems.push(`console: ${words.join(" ")}`);
      </script>
      """
    let checks = try String(
      contentsOf: URL(filePath: #filePath).deletingLastPathComponent()
        .appending(path: "Browser/checks.js"), encoding: .utf8)
    let expected = String(decoding: try JSONEncoder().encode(rows), as: UTF8.self)
    let head = try #require(page.range(of: "<head>"))
    let body = try #require(page.range(of: "</body>", options: .backwards))
    let changed =
      page[..<head.upperBound] + listener + page[head.upperBound..<body.lowerBound]
      + "<script>const expected = \(expected);\n\(checks)</script>" + page[body.lowerBound...]
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

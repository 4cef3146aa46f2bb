import Foundation

/// The report as one page that needs nothing else: no other file, no network.
public struct Page {
  private let results: Results
  private let views: [PictureView]

  /// Makes a page of results and of the pictures to show.
  public init(results: Results, views: [PictureView]) {
    self.results = results
    self.views = views
  }

  /// A codec, as the template wants it.
  private struct Method {
    let name: String
    let title: String
    let version: String
    let options: String
    let timing: String
    let light: String
    let dark: String
  }

  private struct Values {
    let title: String
    let summary: String
    let version: String
    let methods: [Method]
    let savingRates: String
    let hasViews: Bool
    let viewRate: String
    let viewCount: String
    let viewNote: String
    let leftOut: [LeftOutPicture]
    let style: String
    let scripts: [String]
    let results: String
    let views: String
  }

  /// The whole HTML file.
  public func html() throws -> [UInt8] {
    let others = results.methods.filter { !$0.name.hasPrefix(Results.own) }.map(\.title)
    let rates = results.rates.map { "\($0)" }
    let values = Values(
      title: others.isEmpty ? "gqimg" : "gqimg beside \(Self.list(others))",
      summary: "\(Self.count(results.pictures.count, "picture")) at "
        + "\(Self.list(rates)) bits per pixel.",
      version: results.methods.first { $0.name == Results.own }?.version ?? "",
      methods: results.methods.map { method in
        let palette = MethodPalette.of(method.name)
        return Method(
          name: method.name, title: method.title, version: method.version,
          options: method.options,
          timing: method.timing == .process ? "whole processes" : "the library alone",
          light: palette.light, dark: palette.dark)
      },
      savingRates: "\(RateSaving.rates.lowerBound) to \(RateSaving.rates.upperBound)",
      hasViews: !views.isEmpty, viewRate: views.first.map { "\($0.target)" } ?? "",
      viewCount: "\(views.count) of \(Self.count(results.pictures.count, "picture"))",
      viewNote: viewNote, leftOut: results.leftOut, style: Template.text(PackageResources.page_css),
      scripts: [
        PackageResources.common_js, PackageResources.chart_js, PackageResources.savings_js,
        PackageResources.viewer_js, PackageResources.numbers_js,
      ].map(Template.text),
      results: try Self.json(results), views: try Self.json(views))
    return try Template.render(PackageResources.page_mustache, values)
  }

  /// What the pictures of the page are.
  private var viewNote: String {
    let versions = views.flatMap(\.versions)
    func titles(_ isCodedFile: Bool) -> [String] {
      results.methods.filter { method in
        versions.contains { $0.method == method.name && $0.isCodedFile == isCodedFile }
      }.map(\.title)
    }
    let (coded, decoded) = (titles(true), titles(false))
    return
      (coded.isEmpty
      ? "" : "\(Self.list(coded)): the coded files themselves, decoded by this browser. ")
      + "The original\(decoded.isEmpty ? "" : " and what \(Self.list(decoded)) decoded") "
      + "as PNG or as JPEG of quality 95 without subsampling."
  }

  /// JSON that may stand in a script element.
  private static func json(_ value: some Encodable) throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    return String(decoding: try encoder.encode(value), as: UTF8.self)
      .replacingOccurrences(of: "<", with: "\\u003c")
  }

  private static func count(_ number: Int, _ noun: String) -> String {
    "\(number) \(noun)\(number == 1 ? "" : "s")"
  }

  /// Names with commas and an "and".
  private static func list(_ names: [String]) -> String {
    guard let last = names.last, names.count > 1 else { return names.first ?? "" }
    return names.dropLast().joined(separator: ", ") + " and " + last
  }
}

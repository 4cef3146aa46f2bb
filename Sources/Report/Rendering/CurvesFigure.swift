import Foundation

/// The curves of means as a figure that stands alone: every quality over the logarithm of the rate, as SVG.
package struct CurvesFigure {
  private let results: Results

  /// Makes the figure of results.
  package init(results: Results) { self.results = results }

  // The plot of a panel reaches from (0, 0) to here.
  private static let width = 400.0
  private static let height = 300.0
  private static let muted = "#5f636d"

  /// The whole SVG file.
  package func svg() -> [UInt8] {
    let qualities = Quality.allCases.filter { results.has($0) }
    let panels = qualities.enumerated().map { panel($1, number: $0) }.joined()
    let width = Int(70 + Double(max(qualities.count, 1)) * (Self.width + 90))
    let pictures = results.pictures.count
    let title = pictures == 1 ? results.pictures[0].name : "means over \(pictures) pictures"
    return Array(
      """
      <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 \(width) 430" width="\(width)" height="430" font-family="Inter, 'Helvetica Neue', 'DejaVu Sans', sans-serif" font-size="12">
      <title>Quality against rate, \(HTML.escaped(title))</title>
      <rect width="\(width)" height="430" fill="#ffffff"/>
      \(legend)\(panels)</svg>

      """.utf8)
  }

  private var legend: String {
    var position = 70.0
    return results.methods.map { method in
      defer { position += 46 + Double(method.title.count) * 7.2 }
      let (place, color) = (Self.text(position), MethodPalette.of(method.name).light)
      return """
        <path d="M\(place) 24h22" stroke="\(color)" stroke-width="3"\(Self.dash(method.name))/>
        <text x="\(place)" dx="28" y="28" fill="\(color)" font-weight="600">\(HTML.escaped(method.title))</text>

        """
    }.joined()
  }

  private func panel(_ quality: Quality, number: Int) -> String {
    let known = results.means.compactMap { mean in
      quality.value(of: mean.scores).map {
        (method: mean.method, rate: log(mean.target), value: $0)
      }
    }
    let horizontal = Scale(known.map(\.rate), margin: 0.03, length: Self.width)
    let vertical = Scale(known.map(\.value), margin: 0.06, length: Self.height)
    func y(_ value: Double) -> Double { Self.height - vertical.position(value) }

    var parts = """
      <g transform="translate(\(Self.text(70 + Double(number) * (Self.width + 90))) 68)">
      <text x="0" y="-12" fill="#1d1f24" font-size="13" font-weight="600">\(HTML.escaped(quality.axisTitle))</text>

      """
    for tick in vertical.ticks(8) {
      let place = Self.text(y(tick.value))
      // Butteraugli is drawn upside down.
      let label =
        quality == .butteraugli && tick.label.hasPrefix("-")
        ? String(tick.label.dropFirst()) : tick.label
      parts += """
        <path d="M0 \(place)h400" stroke="#e2e2dc"/>
        <text x="-9" y="\(place)" dy="4" text-anchor="end" fill="\(Self.muted)">\(label)</text>

        """
    }
    parts += "<path d=\"M0 300h400\" stroke=\"\(Self.muted)\"/>\n"
    var lastLabel = -Double.infinity
    for rate in results.rates.sorted() {
      let place = horizontal.position(log(rate))
      guard (-1...(Self.width + 1)).contains(place), place - lastLabel > 34 else { continue }
      lastLabel = place
      parts += """
        <path d="M\(Self.text(place)) 300v5" stroke="\(Self.muted)"/>
        <text x="\(Self.text(place))" y="320" text-anchor="middle" fill="\(Self.muted)">\(rate)</text>

        """
    }
    parts +=
      "<text x=\"200\" y=\"344\" text-anchor=\"middle\" fill=\"\(Self.muted)\">bits per pixel</text>\n"
    // This project's curve lies on top.
    let order = results.methods.map(\.name).sorted {
      ($0 == Results.own ? 1 : 0) < ($1 == Results.own ? 1 : 0)
    }
    for method in order {
      let points = known.filter { $0.method == method }.sorted { $0.rate < $1.rate }
        .map { (horizontal.position($0.rate), y($0.value)) }
      if !points.isEmpty { parts += curve(method, points) }
    }
    return parts + "</g>\n"
  }

  private func curve(_ method: String, _ points: [(Double, Double)]) -> String {
    let isOwn = method == Results.own
    let color = MethodPalette.of(method).light
    let path = points.enumerated().map {
      "\($0 == 0 ? "M" : "L")\(Self.text($1.0)) \(Self.text($1.1))"
    }.joined()
    let circles = points.map {
      "<circle cx=\"\(Self.text($0.0))\" cy=\"\(Self.text($0.1))\" r=\"\(isOwn ? "4.2" : "3.4")\" fill=\"\(color)\" stroke=\"#ffffff\" stroke-width=\"1.2\"/>\n"
    }.joined()
    return """
      <g><title>\(HTML.escaped(method))</title>
      <path d="\(path)" fill="none" stroke="\(color)" stroke-width="\(isOwn ? "3" : "1.8")" stroke-linejoin="round"\(Self.dash(method))/>
      \(circles)</g>

      """
  }

  private static func dash(_ method: String) -> String {
    method.hasPrefix("gqimg-") ? " stroke-dasharray=\"5 4\"" : ""
  }

  private static func text(_ value: Double) -> String { String(format: "%.2f", value) }
}

/// Maps a range of numbers to a length.
private struct Scale {
  let low: Double
  let high: Double
  let length: Double

  /// A scale with a margin on both sides, in parts of the range.
  init(_ values: [Double], margin: Double, length: Double) {
    let (least, most) = (values.min() ?? 0, values.max() ?? 1)
    let room = (most > least ? most - least : 1) * margin
    low = least - room
    high = most + room
    self.length = length
  }

  func position(_ value: Double) -> Double { (value - low) / (high - low) * length }

  /// Round numbers, about so many.
  func ticks(_ count: Double) -> [(value: Double, label: String)] {
    let raw = (high - low) / count
    let power = pow(10, floor(log10(raw)))
    let step = [1, 2, 5, 10].map { $0 * power }.first { $0 >= raw } ?? raw
    let digits = max(0, -Int(floor(log10(step) + 1e-9)))
    return stride(from: ceil(low / step), through: floor(high / step), by: 1).map {
      ($0 * step, String(format: "%.\(digits)f", $0 * step))
    }
  }
}

import Foundation

/// The curves of means as a figure that stands alone: SSIMULACRA2, PSNR and MS-SSIM over the logarithm of the rate, as SVG.
public struct CurvesFigure {
  private let results: Results

  /// Makes the figure of results.
  public init(results: Results) { self.results = results }

  private struct Tick {
    let position: String
    let label: String
  }

  private struct Curve {
    let title: String
    let color: String
    let isOwn: Bool
    let isDashed: Bool
    let path: String
    let points: [Point]
  }

  private struct Point {
    let x: String
    let y: String
    let color: String
    let radius: String
  }

  private struct Panel {
    let offset: String
    let title: String
    let horizontal: [Tick]
    let vertical: [Tick]
    let curves: [Curve]
  }

  private struct LegendEntry {
    let position: String
    let title: String
    let color: String
    let isDashed: Bool
  }

  private struct Values {
    let title: String
    let panels: [Panel]
    let legend: [LegendEntry]
  }

  // The template has the same numbers: the plot of a panel reaches from (0, 0) to here.
  private static let width = 400.0
  private static let height = 300.0

  /// The whole SVG file.
  public func svg() throws -> [UInt8] {
    var position = 70.0
    let legend = results.methods.map { method in
      defer { position += 46 + Double(method.title.count) * 7.2 }
      return LegendEntry(
        position: Self.text(position), title: method.title,
        color: MethodPalette.of(method.name).light, isDashed: Self.isDashed(method.name))
    }
    let pictures = results.pictures.count
    return try Template.render(
      PackageResources.curves_mustache,
      Values(
        title: pictures == 1 ? results.pictures[0].name : "Means over \(pictures) pictures",
        panels: Quality.allCases.enumerated().map { panel($1, number: $0) }, legend: legend))
  }

  private func panel(_ quality: Quality, number: Int) -> Panel {
    let complete = results.means.filter { $0.pictures == results.pictures.count }
    let known = complete.compactMap { mean in
      quality.value(of: mean).map {
        (method: mean.method, rate: log(mean.bitsPerPixel), value: $0)
      }
    }
    let horizontal = Scale(known.map(\.rate), margin: 0.03, length: Self.width)
    let vertical = Scale(known.map(\.value), margin: 0.06, length: Self.height)
    func y(_ value: Double) -> Double { Self.height - vertical.position(value) }

    var lastLabel = -Double.infinity
    let rates = results.rates.sorted().map { ($0, horizontal.position(log($0))) }.filter {
      guard (-1...(Self.width + 1)).contains($0.1), $0.1 - lastLabel > 34 else { return false }
      lastLabel = $0.1
      return true
    }
    let order = results.methods.map(\.name).sorted {
      ($0 == Results.own ? 1 : 0) < ($1 == Results.own ? 1 : 0)
    }
    let curves = order.compactMap { method -> Curve? in
      let points = known.filter { $0.method == method }.sorted { $0.rate < $1.rate }
        .map { (horizontal.position($0.rate), y($0.value)) }
      guard !points.isEmpty else { return nil }
      let isOwn = method == Results.own
      let color = MethodPalette.of(method).light
      return Curve(
        title: method, color: color, isOwn: isOwn, isDashed: Self.isDashed(method),
        path: points.enumerated().map {
          "\($0 == 0 ? "M" : "L")\(Self.text($1.0)) \(Self.text($1.1))"
        }.joined(),
        points: points.map {
          Point(
            x: Self.text($0.0), y: Self.text($0.1), color: color, radius: isOwn ? "4.2" : "3.4")
        })
    }
    return Panel(
      offset: Self.text(70 + Double(number) * (Self.width + 90)), title: quality.axisTitle,
      horizontal: rates.map { Tick(position: Self.text($0.1), label: "\($0.0)") },
      vertical: vertical.ticks(8).map { Tick(position: Self.text(y($0.value)), label: $0.label) },
      curves: curves)
  }

  private static func isDashed(_ method: String) -> Bool { method.hasPrefix("gqimg-") }

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

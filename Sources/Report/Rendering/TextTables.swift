import Foundation

/// Results as text for a terminal.
extension Results {
  /// The table of means, the table of rate savings, and how times compare with libjpeg's.
  public var text: String {
    [meanTable, savingTable, ratios.joined(separator: "\n"), notes.joined(separator: "\n")]
      .filter { !$0.isEmpty }.joined(separator: "\n\n")
  }

  private var meanTable: String {
    let header = [
      "method", "target", "bpp", "SSIMULACRA2", "PSNR", "PSNR-Y", "SSIM", "MS-SSIM", "encode s",
      "decode s",
      "encode MB", "decode MB", "pictures",
    ]
    let order = methods.map(\.name)
    let rows = means.sorted {
      (order.firstIndex(of: $0.method) ?? 0, $0.target)
        < (order.firstIndex(of: $1.method) ?? 0, $1.target)
    }.map { mean in
      [
        mean.method, fixed(mean.target, 3), fixed(mean.bitsPerPixel, 4),
        fixed(mean.ssimulacra2, 2), fixed(mean.psnr, 3),
        fixed(mean.psnrY, 3), fixed(mean.ssim, 4), fixed(mean.msssim, 4),
        fixed(mean.encodeSeconds, 3), fixed(mean.decodeSeconds, 3),
        fixed(mean.encodePeakMemoryBytes.map { Double($0) / 1e6 }, 0),
        fixed(mean.decodePeakMemoryBytes.map { Double($0) / 1e6 }, 0), "\(mean.pictures)",
      ]
    }
    return table([header] + rows)
  }

  private var savingTable: String {
    guard !rateSavings.isEmpty else { return "" }
    let header = ["BD-rate", "against", "quality", "%", "pictures", "range", "% of means"]
    let rows = rateSavings.map {
      [
        $0.test, $0.anchor, $0.quality.title, signed($0.percent), "\($0.pictures)",
        $0.range.map { "\(fixed($0.low, 1)) to \(fixed($0.high, 1))" } ?? "-",
        signed($0.percentOfMeans),
      ]
    }
    return table([header] + rows)
  }

  /// How gqimg's times compare with libjpeg's at each rate.
  private var ratios: [String] {
    means.filter { $0.method == Self.own }.compactMap { own in
      guard
        let peer = means.first(where: { $0.method == "jpeg" && $0.target == own.target }),
        let encode = own.encodeSeconds, let decode = own.decodeSeconds,
        let peerEncode = peer.encodeSeconds, let peerDecode = peer.decodeSeconds,
        peerEncode > 0, peerDecode > 0
      else { return nil }
      return "at \(fixed(own.target, 3)) bpp: \(fixed(encode / peerEncode, 0)) times libjpeg's "
        + "time to encode, \(fixed(decode / peerDecode, 0)) to decode"
    }
  }

  private var notes: [String] {
    let programs = methods.filter { $0.timing == .process }.map(\.name)
    var notes: [String] = []
    if !programs.isEmpty {
      notes.append(
        "Times of \(programs.joined(separator: ", ")) are those of whole processes, the others' are not."
      )
    }
    if !unreachable.isEmpty {
      notes.append(
        "\(unreachable.count) times a codec had no file as small as asked for; at such rates it has no mean."
      )
    }
    notes += leftOut.map { "Left out: \($0.name): \($0.reason)" }
    return notes
  }

  private func fixed(_ value: Double?, _ digits: Int) -> String {
    value.map { String(format: "%.\(digits)f", $0) } ?? "-"
  }

  private func signed(_ value: Double?) -> String {
    value.map { String(format: "%+.1f", $0) } ?? "-"
  }

  /// Columns as wide as their cells, the first to the left, the others to the right.
  private func table(_ lines: [[String]]) -> String {
    let widths = lines[0].indices.map { column in lines.map { $0[column].count }.max() ?? 0 }
    return lines.map { cells in
      zip(cells, widths).enumerated().map { column, cell in
        let space = String(repeating: " ", count: cell.1 - cell.0.count)
        return column == 0 ? cell.0 + space : space + cell.0
      }.joined(separator: "  ")
    }.joined(separator: "\n")
  }
}

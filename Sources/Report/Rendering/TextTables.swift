import Foundation

/// Results as text for a terminal.
extension Results {
  /// The tables of means, of times and of rate savings, and what is to be known about them.
  package var text: String {
    [meanTable, timeTable, savingTable, notes.joined(separator: "\n")]
      .filter { !$0.isEmpty }.joined(separator: "\n\n")
  }

  private var meanTable: String {
    guard !means.isEmpty else { return "" }
    let hasButteraugli = has(.butteraugli)
    let header =
      ["method", "bpp", "file bpp", "SSIMULACRA2"] + (hasButteraugli ? ["Butteraugli"] : [])
      + ["PSNR", "PSNR-Y", "SSIM", "MS-SSIM"]
    let rows = means.map { mean in
      [
        mean.method, fixed(mean.target, 3), fixed(mean.fileBitsPerPixel, 4),
        fixed(mean.scores.ssimulacra2, 2),
      ] + (hasButteraugli ? [fixed(mean.scores.butteraugli, 3)] : []) + [
        fixed(mean.scores.psnr, 3), fixed(mean.scores.psnrY, 3), fixed(mean.scores.ssim, 4),
        fixed(mean.scores.msssim, 4),
      ]
    }
    return table([header] + rows)
  }

  private var timeTable: String {
    guard timing != nil else { return "" }
    let header = [
      "method", "bpp", "encode s", "min to max", "cpu s", "decode s", "min to max", "cpu s",
      "encode MB", "decode MB",
    ]
    func cells(_ cost: Cost) -> [String] {
      [
        fixed(cost.time?.seconds, 3),
        cost.time.map { "\(fixed($0.fastest, 3)) to \(fixed($0.slowest, 3))" } ?? "-",
        fixed(cost.time?.processorSeconds, 3),
      ]
    }
    func megabytes(_ cost: Cost) -> String {
      fixed(cost.peakMemoryBytes.map { Double($0) / 1e6 }, 0)
    }
    let rows = means.filter { $0.encode.time != nil }.map { mean in
      [mean.method, fixed(mean.target, 3)] + cells(mean.encode) + cells(mean.decode)
        + [megabytes(mean.encode), megabytes(mean.decode)]
    }
    return rows.isEmpty ? "" : table([header] + rows)
  }

  private var savingTable: String {
    let known = rateSavings.filter { has($0.quality) }
    guard !known.isEmpty else { return "" }
    let header = ["BD-rate", "against", "quality", "%", "median %", "pictures", "range"]
    let rows = known.map {
      [
        $0.test, $0.anchor, $0.quality.title, signed($0.percent), signed($0.median),
        "\($0.pictures.count) of \(pictures.count)",
        $0.range.map { range in
          let ends = [range.low, range.high].map { fixed(abs($0), 1) }
          return ends.joined(separator: " to ")
        } ?? "-",
      ]
    }
    return table([header] + rows)
  }

  private var notes: [String] {
    var notes = ["Scores are interpolated at the very rate; means are over all pictures."]
    let programs = methods.filter { $0.timing == .process }.map(\.name)
    if let timing {
      notes.append(
        "Times: medians of \(timing.runs) run\(timing.runs == 1 ? "" : "s") on \(timing.machine.processor), \(timing.machine.cores) cores, "
          + "\(timing.machine.threads) threads, load \(fixed(timing.loadAverage, 2)).")
      if !programs.isEmpty {
        notes.append(
          "Those of \(programs.joined(separator: ", ")) are of whole processes, the others' of the codec alone."
        )
      }
    }
    if let busyWarning { notes.append(busyWarning) }
    notes += methods.compactMap(\.note)
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

import Foundation

/// Results as comma-separated values (RFC 4180, lines end with a line feed).
package enum CSV {
  static let header = [
    "picture", "method", "target_bpp", "bytes", "bpp", "psnr", "psnr_y", "ssim", "ms_ssim",
    "ssimulacra2", "butteraugli_3norm",
    "encode_seconds", "encode_seconds_min", "encode_seconds_max", "encode_cpu_seconds",
    "decode_seconds", "decode_seconds_min", "decode_seconds_max", "decode_cpu_seconds",
    "encode_process_seconds", "encode_process_cpu_seconds", "decode_process_seconds",
    "decode_process_cpu_seconds", "encode_peak_bytes", "decode_peak_bytes", "runs",
    "others_share", "setting",
  ]

  /// The whole file: a header, then a line for every row. What is not known is empty.
  package static func text(_ results: Results) -> String { text(results.rows) }

  static func text(_ rows: [ResultRow]) -> String {
    let lines = [header] + rows.map(cells)
    return lines.map { $0.map(quoted).joined(separator: ",") + "\n" }.joined()
  }

  private static func cells(_ row: ResultRow) -> [String] {
    let m = row.measurement
    func number(_ value: Double?, _ digits: Int) -> String {
      value.map { String(format: "%.\(digits)f", $0) } ?? ""
    }
    func bytes(_ value: Int?) -> String { value.map { "\($0)" } ?? "" }
    func times(_ time: TimeSummary?) -> [String] {
      [
        number(time?.seconds, 4), number(time?.fastest, 4), number(time?.slowest, 4),
        number(time?.processorSeconds, 4),
      ]
    }
    func process(_ cost: Cost) -> [String] {
      [number(cost.process?.seconds, 4), number(cost.process?.processorSeconds, 4)]
    }
    let scores = m.scores
    return [
      row.picture, row.method, "\(row.target)", "\(m.bytes)", number(m.bitsPerPixel, 5),
      scores.psnr == nil ? "inf" : number(scores.psnr, 4),
      scores.psnrY == nil ? "inf" : number(scores.psnrY, 4), number(scores.ssim, 6),
      number(scores.msssim, 6), number(scores.ssimulacra2, 4), number(scores.butteraugli, 4),
    ] + times(m.encode.time) + times(m.decode.time) + process(m.encode) + process(m.decode) + [
      bytes(m.encode.peakMemoryBytes), bytes(m.decode.peakMemoryBytes), "\(m.encode.runs)",
      number(m.othersShare, 3), m.setting ?? "",
    ]
  }

  /// A cell, in quotes where it would not be read back otherwise.
  static func quoted(_ text: String) -> String {
    // By scalar: a carriage return and line feed are one character.
    guard text.unicodeScalars.contains(where: { ",\"\n\r".unicodeScalars.contains($0) }) else {
      return text
    }
    return "\"" + text.replacingOccurrences(of: "\"", with: "\"\"") + "\""
  }
}

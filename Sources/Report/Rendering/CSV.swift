import Foundation

/// Results as comma-separated values (RFC 4180, lines end with a line feed).
public enum CSV {
  static let header = [
    "picture", "method", "target_bpp", "bytes", "bpp", "psnr", "psnr_y", "ssim", "ms_ssim",
    "ssimulacra2", "encode_seconds", "decode_seconds", "encode_process_seconds",
    "decode_process_seconds",
    "encode_peak_bytes", "decode_peak_bytes", "setting",
  ]

  /// The whole file: a header, then a line for every row. What is not known is empty.
  public static func text(_ results: Results) -> String { text(results.rows) }

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
    return [
      row.picture, row.method, "\(row.target)", "\(m.bytes)", number(m.bitsPerPixel, 5),
      m.psnr == nil ? "inf" : number(m.psnr, 4), m.psnrY == nil ? "inf" : number(m.psnrY, 4),
      number(m.ssim, 6), number(m.msssim, 6), number(m.ssimulacra2, 4),
      number(m.encode.seconds, 4),
      number(m.decode.seconds, 4), number(m.encode.processSeconds, 4),
      number(m.decode.processSeconds, 4), bytes(m.encode.peakMemoryBytes),
      bytes(m.decode.peakMemoryBytes), m.setting ?? "",
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

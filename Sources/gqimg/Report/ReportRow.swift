/// One measurement.
struct ReportRow: Encodable {
  /// Who made the file.
  enum Method: String, Encodable {
    /// gqimg with chosen levels.
    case gqimg
    /// gqimg with one level.
    case uniform = "gqimg-uniform"
    /// gqimg's levels with samples of the posterior instead of codewords; there is no such file.
    case posteriorSamples = "gqimg-posterior-samples"
    /// libjpeg.
    case jpeg
  }

  let picture: String
  let method: Method
  /// Bits per pixel asked for.
  let target: Double
  let bytes: Int
  let bitsPerPixel: Double
  /// dB over all samples.
  let psnr: Double
  /// nil for pictures too small for it.
  let msssim: Double?
  let encodeSeconds: Double
  let decodeSeconds: Double

  static func csv(_ rows: [ReportRow]) -> String {
    let header = "picture,method,target_bpp,bytes,bpp,psnr,ms_ssim,encode_seconds,decode_seconds"
    let lines = rows.map { row in
      [
        quoted(row.picture), row.method.rawValue, "\(row.target)", "\(row.bytes)",
        fixed(row.bitsPerPixel, 5), fixed(row.psnr, 4), row.msssim.map { fixed($0, 6) } ?? "",
        fixed(row.encodeSeconds, 4), fixed(row.decodeSeconds, 4),
      ].joined(separator: ",")
    }
    return ([header] + lines).joined(separator: "\n") + "\n"
  }

  private static func quoted(_ text: String) -> String {
    guard text.contains(where: { ",\"\n\r".contains($0) }) else { return text }
    return "\""
      + text.split(separator: "\"", omittingEmptySubsequences: false).joined(separator: "\"\"")
      + "\""
  }
}

/// All measurements and their means.
struct ReportSummary: Encodable {
  /// Means over the pictures, for a method at a rate.
  struct Mean: Encodable {
    let method: ReportRow.Method
    let target: Double
    let pictures: Int
    let bitsPerPixel: Double
    let psnr: Double
    let msssim: Double?
    let encodeSeconds: Double
    let decodeSeconds: Double
  }

  let means: [Mean]
  let rows: [ReportRow]

  init(rows: [ReportRow]) {
    self.rows = rows
    var order: [String] = []
    var groups: [String: [ReportRow]] = [:]
    for row in rows {
      let key = "\(row.method.rawValue) \(row.target)"
      if groups[key] == nil { order.append(key) }
      groups[key, default: []].append(row)
    }
    means = order.compactMap { groups[$0] }.map { group in
      func mean(_ value: (ReportRow) -> Double) -> Double {
        group.reduce(0) { $0 + value($1) } / Double(group.count)
      }
      let similarities = group.compactMap(\.msssim)
      return Mean(
        method: group[0].method, target: group[0].target, pictures: group.count,
        bitsPerPixel: mean(\.bitsPerPixel), psnr: mean(\.psnr),
        msssim: similarities.isEmpty
          ? nil : similarities.reduce(0, +) / Double(similarities.count),
        encodeSeconds: mean(\.encodeSeconds), decodeSeconds: mean(\.decodeSeconds))
    }
  }

  var text: String {
    var lines = ["method                    target     bpp    PSNR  MS-SSIM  encode s  decode s"]
    for mean in means.sorted(by: {
      ($0.method.rawValue, $0.target) < ($1.method.rawValue, $1.target)
    }) {
      let cells = [
        (fixed(mean.target, 3), 8), (fixed(mean.bitsPerPixel, 4), 8), (fixed(mean.psnr, 3), 8),
        (mean.msssim.map { fixed($0, 4) } ?? "-", 9), (fixed(mean.encodeSeconds, 3), 10),
        (fixed(mean.decodeSeconds, 3), 10),
      ]
      let name = mean.method.rawValue
      lines.append(
        name + String(repeating: " ", count: max(0, 24 - name.count))
          + cells.map { String(repeating: " ", count: max(0, $1 - $0.count)) + $0 }.joined())
    }
    return (lines + ratios).joined(separator: "\n")
  }

  /// How gqimg's times compare with libjpeg's at each rate.
  private var ratios: [String] {
    means.filter { $0.method == .gqimg }.compactMap { own in
      guard let peer = means.first(where: { $0.method == .jpeg && $0.target == own.target }),
        peer.encodeSeconds > 0, peer.decodeSeconds > 0
      else { return nil }
      let encode = fixed(own.encodeSeconds / peer.encodeSeconds, 0)
      let decode = fixed(own.decodeSeconds / peer.decodeSeconds, 0)
      return "at \(fixed(own.target, 3)) bpp: \(encode) times libjpeg's time to encode, "
        + "\(decode) to decode"
    }
  }
}

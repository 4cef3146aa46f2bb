import Codec
import Metrics
import PixelIO

/// Measures pictures at a rate.
struct ReportRunner {
  let encoder: GQEncoder
  let decoder: GQDecoder
  let effort: Int
  let quantizer: QuantizerChoice
  let uniform: Bool
  let posteriorSamples: Bool

  func measure(_ picture: Picture, name: String, rate: Double) throws -> [ReportRow] {
    var rows: [ReportRow] = []
    func add(
      _ method: ReportRow.Method, _ decoded: Picture, bytes: Int, encode: Double, decode: Double
    ) throws {
      rows.append(
        ReportRow(
          picture: name, method: method, target: rate, bytes: bytes,
          bitsPerPixel: Double(bytes * 8) / Double(picture.width * picture.height),
          psnr: try PSNR.decibels(picture, decoded), msssim: try MSSSIM.value(picture, decoded),
          encodeSeconds: encode, decodeSeconds: decode))
    }
    for method: ReportRow.Method in uniform ? [.gqimg, .uniform] : [.gqimg] {
      let start = now()
      let result = try encoder.encode(
        picture,
        options: EncodingOptions(
          target: .bitsPerPixel(rate), uniform: method == .uniform, effort: effort,
          quantizer: quantizer))
      let middle = now()
      let decoded = try decoder.decode(result.bytes)
      let end = now()
      try add(
        method, decoded, bytes: result.bytes.count, encode: middle - start, decode: end - middle)
      if method == .gqimg, posteriorSamples {
        let sampled = try encoder.posteriorSample(picture, levelMap: result.levelMap)
        try add(.posteriorSamples, sampled, bytes: result.bytes.count, encode: 0, decode: 0)
      }
    }
    if let jpeg = try jpeg(picture, atMost: Int(rate * Double(picture.width * picture.height) / 8))
    {
      let start = now()
      let decoded = try PictureReader().read(jpeg.bytes)
      try add(.jpeg, decoded, bytes: jpeg.bytes.count, encode: jpeg.seconds, decode: now() - start)
    }
    return rows
  }

  /// The JPEG of the highest quality that has at most `limit` bytes, or nil if none is so small.
  private func jpeg(
    _ picture: Picture, atMost limit: Int
  ) throws -> (bytes: [UInt8], seconds: Double)? {
    var (low, high) = (0, 101)
    var best: (bytes: [UInt8], seconds: Double)?
    while high - low > 1 {
      let quality = (low + high) / 2
      let start = now()
      let bytes = try JPEGWriter(quality: quality).write(picture)
      if bytes.count <= limit {
        (low, best) = (quality, (bytes, now() - start))
      } else {
        high = quality
      }
    }
    return best
  }
}

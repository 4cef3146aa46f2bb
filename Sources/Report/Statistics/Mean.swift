/// Means over the pictures, for a codec at a rate.
public struct Mean: Sendable, Encodable {
  public let method: String
  /// Bits per pixel asked for.
  public let target: Double
  /// How many pictures have a file of at most this size.
  public let pictures: Int
  public let bitsPerPixel: Double
  public let psnr: Double?
  public let psnrY: Double?
  public let ssim: Double?
  public let msssim: Double?
  public let encodeSeconds: Double?
  public let decodeSeconds: Double?
  public let encodeProcessSeconds: Double?
  public let decodeProcessSeconds: Double?
  /// The largest over the pictures, in bytes.
  public let encodePeakMemoryBytes: Int?
  /// The largest over the pictures, in bytes.
  public let decodePeakMemoryBytes: Int?

  /// The mean of a group of measurements, at least one.
  private init(_ group: [ResultRow]) {
    let values = group.map(\.measurement)
    func mean(_ value: (Measurement) -> Double?) -> Double? {
      let known = values.compactMap(value)
      return known.isEmpty ? nil : known.reduce(0, +) / Double(known.count)
    }
    method = group[0].method
    target = group[0].target
    pictures = group.count
    bitsPerPixel = values.reduce(0) { $0 + $1.bitsPerPixel } / Double(values.count)
    psnr = mean(\.psnr)
    psnrY = mean(\.psnrY)
    ssim = mean(\.ssim)
    msssim = mean(\.msssim)
    encodeSeconds = mean(\.encode.seconds)
    decodeSeconds = mean(\.decode.seconds)
    encodeProcessSeconds = mean(\.encode.processSeconds)
    decodeProcessSeconds = mean(\.decode.processSeconds)
    encodePeakMemoryBytes = values.compactMap(\.encode.peakMemoryBytes).max()
    decodePeakMemoryBytes = values.compactMap(\.decode.peakMemoryBytes).max()
  }

  /// The means of all codecs at all rates, in the order in which they come first.
  static func all(of rows: [ResultRow]) -> [Mean] {
    var order: [String] = []
    var groups: [String: [ResultRow]] = [:]
    for row in rows {
      let key = "\(row.method) \(row.target)"
      if groups[key] == nil { order.append(key) }
      groups[key, default: []].append(row)
    }
    return order.compactMap { groups[$0] }.map { Mean($0) }
  }
}

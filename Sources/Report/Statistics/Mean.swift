/// Means over the pictures, for a codec at a rate.
public struct Mean: Sendable, Encodable {
  /// The codec's name.
  public let method: String
  /// Bits per pixel asked for.
  public let target: Double
  /// How many pictures have a file of at most this size.
  public let pictures: Int
  /// Mean of the files' rates.
  public let bitsPerPixel: Double
  /// Mean of the pictures' dB, equal pictures left out.
  public let psnr: Double?
  /// The same of the luma alone.
  public let psnrY: Double?
  /// Mean over the pictures that have it.
  public let ssim: Double?
  /// Mean over the pictures that have it.
  public let msssim: Double?
  /// Mean over the pictures that have it.
  public let ssimulacra2: Double?
  /// Of what the codec's ``CodecIdentity/timing`` says.
  public let encodeSeconds: Double?
  /// Of what the codec's ``CodecIdentity/timing`` says.
  public let decodeSeconds: Double?
  /// Of a whole process.
  public let encodeProcessSeconds: Double?
  /// Of a whole process.
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
    ssimulacra2 = mean(\.ssimulacra2)
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

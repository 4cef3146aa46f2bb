/// A measurement with its place in the report.
public struct ResultRow: Sendable, Encodable {
  /// The name of the picture's file.
  public let picture: String
  /// The codec's name, ``CodecIdentity/name``.
  public let method: String
  /// Bits per pixel asked for.
  public let target: Double
  /// What was measured.
  public let measurement: Measurement

  /// Makes a row.
  public init(picture: String, method: String, target: Double, measurement: Measurement) {
    self.picture = picture
    self.method = method
    self.target = target
    self.measurement = measurement
  }

  private enum CodingKeys: String, CodingKey {
    case picture, method, target
  }

  /// All values side by side.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(picture, forKey: .picture)
    try container.encode(method, forKey: .method)
    try container.encode(target, forKey: .target)
    try measurement.encode(to: encoder)
  }
}

/// A picture, a codec and a rate that has no file.
public struct UnreachableRate: Sendable, Equatable, Encodable {
  /// The name of the picture's file.
  public let picture: String
  /// The codec's name.
  public let method: String
  /// Bits per pixel asked for.
  public let target: Double
}

/// A measurement with its place in the report.
package struct ResultRow: Sendable, Encodable {
  /// The name of the picture's file.
  package let picture: String
  /// The codec's name, ``CodecIdentity/name``.
  package let method: String
  /// Bits per pixel asked for.
  package let target: Double
  /// What was measured.
  package let measurement: Measurement

  /// Makes a row.
  package init(picture: String, method: String, target: Double, measurement: Measurement) {
    self.picture = picture
    self.method = method
    self.target = target
    self.measurement = measurement
  }

  private enum CodingKeys: String, CodingKey {
    case picture, method, target
  }

  /// All values side by side.
  package func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(picture, forKey: .picture)
    try container.encode(method, forKey: .method)
    try container.encode(target, forKey: .target)
    try measurement.encode(to: encoder)
  }
}

/// A picture, a codec and a rate that has no file.
package struct UnreachableRate: Sendable, Equatable, Encodable {
  /// The name of the picture's file.
  package let picture: String
  /// The codec's name.
  package let method: String
  /// Bits per pixel asked for.
  package let target: Double
}

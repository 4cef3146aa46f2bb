/// What a codec did to a picture at a rate.
package struct Measurement: Sendable, Equatable {
  /// Of the whole file.
  package let bytes: Int
  /// Bits of the file per pixel of the picture.
  package let bitsPerPixel: Double
  /// How alike the pictures are.
  package var scores: Scores
  /// What the codec was told to get this size; nil when it was told the size.
  package let setting: String?
  /// The number of that setting.
  package let settingNumber: Int?
  /// The next larger file of codecs that are told a quality: what lies between both is interpolated.
  package var above: RatePoint?
  /// What making the file took.
  package var encode: Cost
  /// What reading it took.
  package var decode: Cost
  /// What the times were taken on.
  package var machine: Machine?
  /// The part of all cores that other programs used meanwhile; nil where that is not known.
  package var othersShare: Double?

  /// A measurement by its values.
  package init(
    bytes: Int, bitsPerPixel: Double, scores: Scores, setting: EncodedFile.Setting? = nil,
    above: RatePoint? = nil, encode: Cost = Cost(), decode: Cost = Cost()
  ) {
    self.bytes = bytes
    self.bitsPerPixel = bitsPerPixel
    self.scores = scores
    self.setting = setting?.text
    settingNumber = setting?.number
    self.above = above
    self.encode = encode
    self.decode = decode
  }

  /// The file, as a point of a curve.
  var point: RatePoint { RatePoint(bitsPerPixel: bitsPerPixel, scores: scores) }
}

/// A point of a rate-distortion curve.
package struct RatePoint: Sendable, Equatable {
  /// Bits of the file per pixel of the picture.
  package let bitsPerPixel: Double
  /// How alike the pictures are.
  package var scores: Scores

  /// Makes a value.
  package init(bitsPerPixel: Double, scores: Scores) {
    self.bitsPerPixel = bitsPerPixel
    self.scores = scores
  }
}

/// Scores stand beside the other values.
extension RatePoint: Codable {
  private enum CodingKeys: String, CodingKey { case bitsPerPixel }

  /// Reads what `encode` wrote.
  package init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: CodingKeys.self)
    bitsPerPixel = try values.decode(Double.self, forKey: .bitsPerPixel)
    scores = try Scores(from: decoder)
  }

  /// Writes it.
  package func encode(to encoder: any Encoder) throws {
    var values = encoder.container(keyedBy: CodingKeys.self)
    try values.encode(bitsPerPixel, forKey: .bitsPerPixel)
    try scores.encode(to: encoder)
  }
}

/// Scores stand beside the other values.
extension Measurement: Codable {
  private enum CodingKeys: String, CodingKey {
    case bytes, bitsPerPixel, setting, settingNumber, above, encode, decode, machine, othersShare
  }

  /// Reads what `encode` wrote.
  package init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: CodingKeys.self)
    bytes = try values.decode(Int.self, forKey: .bytes)
    bitsPerPixel = try values.decode(Double.self, forKey: .bitsPerPixel)
    scores = try Scores(from: decoder)
    setting = try values.decodeIfPresent(String.self, forKey: .setting)
    settingNumber = try values.decodeIfPresent(Int.self, forKey: .settingNumber)
    above = try values.decodeIfPresent(RatePoint.self, forKey: .above)
    encode = try values.decode(Cost.self, forKey: .encode)
    decode = try values.decode(Cost.self, forKey: .decode)
    machine = try values.decodeIfPresent(Machine.self, forKey: .machine)
    othersShare = try values.decodeIfPresent(Double.self, forKey: .othersShare)
  }

  /// Writes it.
  package func encode(to encoder: any Encoder) throws {
    var values = encoder.container(keyedBy: CodingKeys.self)
    try values.encode(bytes, forKey: .bytes)
    try values.encode(bitsPerPixel, forKey: .bitsPerPixel)
    try scores.encode(to: encoder)
    try values.encodeIfPresent(setting, forKey: .setting)
    try values.encodeIfPresent(settingNumber, forKey: .settingNumber)
    try values.encodeIfPresent(above, forKey: .above)
    try values.encode(encode, forKey: .encode)
    try values.encode(decode, forKey: .decode)
    try values.encodeIfPresent(machine, forKey: .machine)
    try values.encodeIfPresent(othersShare, forKey: .othersShare)
  }
}

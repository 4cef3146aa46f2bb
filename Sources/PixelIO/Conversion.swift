/// Something that a picture lost or that changed on its way between a file and memory.
package enum Conversion: Sendable, Equatable {
  /// The parts of `PictureMetadata`.
  package enum Metadata: String, Sendable {
    /// ICC profile.
    case iccProfile = "ICC profile"
    /// Exif block.
    case exif = "Exif"
    /// XMP packet.
    case xmp = "XMP"
  }

  /// Samples of this many bits were rounded to eight.
  case roundedSamples(bits: Int)
  /// Inks became light by the plain formula, without a profile.
  case cmykToRGB
  /// A PNG file asks for another exponent than sRGB's; samples were taken as they are. 100000 is linear.
  case gammaIgnored(Int)
  /// The file breaks its format in a way that leaves the pixels alone.
  case irregular(String)
  /// The file may be damaged: its pixels may be wrong.
  case doubtful(String)
  /// The file is damaged; pixels that it does not show are filled in.
  case incomplete(String)
  /// What else the file has that is not kept: further pictures, comments, captions, the resolution.
  case notKept([String])
  /// This part of the metadata could not be kept, for this reason.
  case leftOut(Metadata, reason: String)
}

extension Conversion: CustomStringConvertible {
  /// One clause, fit for a user.
  package var description: String {
    switch self {
    case .roundedSamples(let bits):
      "\(bits) bits per sample are rounded to 8"
    case .cmykToRGB:
      "CMYK is converted to RGB without a profile"
    case .gammaIgnored(let gamma):
      "the gamma of \(gamma) / 100000 (gAMA) is not kept, samples are taken as sRGB"
    case .irregular(let detail):
      "the file is not as its format demands (\(detail)), but all pixels are there"
    case .doubtful(let detail):
      "the file may be damaged (\(detail)): pixels may be wrong"
    case .incomplete(let detail):
      "the file is damaged (\(detail)), what is missing is filled in"
    case .notKept(let things):
      "not kept: " + things.joined(separator: ", ")
    case .leftOut(let metadata, let reason):
      "\(metadata.rawValue) is left out (\(reason))"
    }
  }
}

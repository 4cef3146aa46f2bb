public import Codec

/// Writes raw PGM files of grey pictures and raw PPM files of others.
public struct NetpbmWriter: Sendable {
  /// Makes a writer.
  public init() {}

  /// Writes a whole file, without metadata, for which there is no place. ``PictureReader/read(_:)`` is the
  /// inverse.
  ///
  /// - Throws: `PixelIOError.notWritable` for a picture with alpha.
  public func write(_ picture: Picture) throws(PixelIOError) -> [UInt8] {
    if picture.alpha != nil { throw .notWritable(.netpbm, detail: "it has alpha") }
    let kind = picture.colorType == .grey ? "P5" : "P6"
    return Array("\(kind)\n\(picture.width) \(picture.height)\n255\n".utf8) + picture.samples
  }
}

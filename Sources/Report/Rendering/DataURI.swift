import GQCodec
import Foundation
import GQPixelIO

/// Pictures inside a page.
enum DataURI {
  /// The quality of pictures that stand in for decoded ones: its own errors are far below those that are shown.
  private static let quality = 95

  /// A picture, as whichever is smaller of PNG and a JPEG without visible loss.
  static func picture(_ picture: Picture) throws -> String {
    let png = try PNGWriter(compressionLevel: 9).write(picture)
    guard picture.alpha == nil else { return make("image/png", png) }
    let jpeg = try JPEGWriter(quality: quality, subsampling: .full).write(picture)
    return png.count <= jpeg.count ? make("image/png", png) : make("image/jpeg", jpeg)
  }

  /// A coded file itself, when every browser decodes its format; else nil.
  static func codedFile(_ bytes: [UInt8], codec: String) -> String? {
    switch codec {
    case "jpeg", "webp", "avif": make("image/\(codec)", bytes)
    default: nil
    }
  }

  /// A file to keep.
  static func file(_ bytes: [UInt8]) -> String { make("application/octet-stream", bytes) }

  private static func make(_ type: String, _ bytes: [UInt8]) -> String {
    "data:\(type);base64,\(Data(bytes).base64EncodedString())"
  }
}

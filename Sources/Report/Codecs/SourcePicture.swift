import GQBitstream
public import GQCodec
import Foundation
import GQPixelIO

/// A picture to measure with, and what codecs share while they work on it.
public final class SourcePicture {
  /// The file's name, for people.
  public let name: String
  /// The pixels.
  public let picture: Picture
  /// SHA-256 of size, kind and pixels: equal for equal pictures, whatever their files are.
  let digest: String
  private let folder: TemporaryFolder
  private var searches: [CodecIdentity: QualitySearch] = [:]
  private var hasFile = false

  /// Makes a source.
  public init(name: String, picture: Picture) throws {
    self.name = name
    self.picture = picture
    folder = try TemporaryFolder()
    let kind = "\(picture.width) \(picture.height) \(picture.colorType)\n"
    digest = hexadecimal(SHA256.digest(of: Array(kind.utf8) + picture.samples))
  }

  /// Pixels in all.
  var pixelCount: Int { picture.width * picture.height }

  /// The picture as a PNG file for programs to read.
  func path() throws -> String {
    let path = folder.file("source.png")
    if !hasFile {
      try AtomicFile.write(
        try PNGWriter(compressionLevel: 1).write(picture), to: path, overwrite: true)
      hasFile = true
    }
    return path
  }

  /// A path for a file that a program shall write.
  func scratchFile(_ name: String) -> String { folder.file(name) }

  /// The files that a codec made of the picture so far.
  func search(for identity: CodecIdentity) -> QualitySearch {
    if let search = searches[identity] { return search }
    let search = QualitySearch()
    searches[identity] = search
    return search
  }
}

import GQBitstream
package import GQCodec
import Foundation
import GQPixelIO

/// A picture to measure with, and what codecs share while they work on it.
package final class SourcePicture {
  /// The pixels.
  package let picture: Picture
  /// The file's name, its size and what tells it from others.
  package let size: PictureSize
  private let folder: TemporaryFolder
  private var searches: [CodecIdentity: QualitySearch] = [:]
  private var hasFile = false
  private var hasSamples = false

  /// Makes a source.
  package init(name: String, picture: Picture) throws {
    self.picture = picture
    folder = try TemporaryFolder()
    let alpha = picture.alpha == nil ? "" : " alpha"
    let kind = "\(picture.width) \(picture.height) \(picture.colorType)\(alpha)\n"
    size = PictureSize(
      name: name, width: picture.width, height: picture.height, hasAlpha: picture.alpha != nil,
      digest: hexadecimal(SHA256.digest(of: Array(kind.utf8) + picture.interleavedSamples)))
  }

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

  /// The picture's samples as a file, colours and alpha of every pixel side by side.
  func samplesPath() throws -> String {
    let path = folder.file("source.samples")
    if !hasSamples {
      try AtomicFile.write(picture.interleavedSamples, to: path, overwrite: true)
      hasSamples = true
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

/// The file formats that pictures come in.
package enum PictureFormat: String, Sendable, CaseIterable, CustomStringConvertible {
  /// Portable Network Graphics.
  case png = "PNG"
  /// JPEG, baseline or progressive.
  case jpeg = "JPEG"
  /// WebP, with or without loss.
  case webp = "WebP"
  /// The PBM, PGM, PPM and PAM formats of Netpbm.
  case netpbm = "PPM"

  /// The format whose signature a file begins with, or nil when it is none of these.
  package init?(signatureOf bytes: [UInt8]) {
    for format in Self.allCases where format.signatures.contains(where: { bytes.starts(with: $0) })
    {
      // Four bytes with the file's size stand between the two parts of this one.
      if format == .webp, !bytes.dropFirst(8).starts(with: Array("WEBP".utf8)) { continue }
      self = format
      return
    }
    return nil
  }

  /// The format that files with this ending have ("png", "JPG"), or nil.
  package init?(fileEnding: String) {
    let ending = fileEnding.lowercased()
    for format in Self.allCases where format.fileEndings.contains(ending) {
      self = format
      return
    }
    return nil
  }

  /// Whether files with this ending ("png", "heic") are pictures of any kind, read here or not.
  package static func isPictureEnding(_ ending: String) -> Bool {
    Self(fileEnding: ending) != nil || foreignEndings.contains(ending.lowercased())
  }

  private static let foreignEndings: Set<String> = [
    "heic", "heif", "hif", "avif", "jxl", "gif", "tif", "tiff", "bmp", "dib", "psd", "pdf",
    "svg", "ico", "jp2", "j2k", "jpx", "tga", "exr", "hdr", "qoi", "dng", "cr2", "cr3", "nef",
    "arw", "raf", "orf", "rw2", "pef", "srw", "eps", "xcf", "apng", "jxr", "dds", "pcx", "ras",
    "xbm", "xpm",
  ]

  /// One of these is at the beginning of every file of this format; in WebP other kinds of RIFF begin so too.
  package var signatures: [[UInt8]] {
    switch self {
    case .png: [[0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]]
    case .jpeg: [[0xFF, 0xD8, 0xFF]]
    case .webp: [Array("RIFF".utf8)]
    case .netpbm: ["P1", "P2", "P3", "P4", "P5", "P6", "P7"].map { Array($0.utf8) }
    }
  }

  /// The endings of file names, the usual one first.
  package var fileEndings: [String] {
    switch self {
    case .png: ["png"]
    case .jpeg: ["jpg", "jpeg", "jpe", "jfif"]
    case .webp: ["webp"]
    case .netpbm: ["ppm", "pgm", "pnm", "pbm", "pam"]
    }
  }

  /// Whether files of this format can hold alpha.
  package var hasAlpha: Bool { self == .png || self == .webp }

  /// The usual name: "PNG", "JPEG", "WebP" or "PPM".
  package var description: String { rawValue }
}

/// Formats that are known by their first bytes but not read.
package enum ForeignFormat: String, Sendable, CaseIterable {
  /// High Efficiency Image File Format.
  case heic = "HEIC"
  /// AV1 Image File Format.
  case avif = "AVIF"
  /// JPEG XL.
  case jxl = "JPEG XL"
  /// JPEG 2000.
  case jp2 = "JPEG 2000"
  /// Graphics Interchange Format.
  case gif = "GIF"
  /// Tagged Image File Format.
  case tiff = "TIFF"
  /// A picture as a camera's sensor saw it.
  case raw = "camera raw"
  /// Windows bitmap.
  case bmp = "BMP"
  /// Windows icon.
  case ico = "ICO"
  /// Truevision TGA.
  case tga = "TGA"
  /// Icons of macOS.
  case icns = "ICNS"
  /// Textures of DirectX.
  case dds = "DDS"
  /// PC Paintbrush.
  case pcx = "PCX"
  /// Silicon Graphics.
  case sgi = "SGI"
  /// Photoshop document.
  case psd = "PSD"
  /// Portable Document Format.
  case pdf = "PDF"
  /// Scalable Vector Graphics.
  case svg = "SVG"
  /// PostScript.
  case postScript = "PostScript"
  /// OpenEXR.
  case exr = "OpenEXR"
  /// Quite OK Image.
  case qoi = "QOI"
  /// Portable float map.
  case pfm = "PFM"
  /// A video.
  case video = "video"
  /// What macOS keeps beside a file.
  case appleDouble = "AppleDouble (._ file of macOS)"
  /// A file of this program.
  case gqz = ".gqz"
  /// Compressed by gzip, zip or the like.
  case archive = "compressed archive"
  /// A page instead of a picture.
  case html = "HTML"

  /// The format of a file that begins so; nil when it is unknown.
  package init?(firstBytes bytes: [UInt8]) {
    func begins(_ text: String, at place: Int = 0) -> Bool {
      bytes.dropFirst(place).starts(with: text.utf8)
    }
    func begins(with start: [UInt8]) -> Bool { bytes.starts(with: start) }
    if begins("ftyp", at: 4) {
      let brand = String(decoding: bytes.dropFirst(8).prefix(4), as: UTF8.self)
      // A general brand says what it is among the compatible ones.
      let all = String(decoding: bytes.prefix(64), as: UTF8.self)
      if brand == "crx " {
        self = .raw
      } else if ["avif", "avis"].contains(brand) || all.contains("avif") {
        self = .avif
      } else if ["heic", "heix", "hevc", "hevx", "heim", "heis", "mif1", "msf1"].contains(brand) {
        self = .heic
      } else {
        self = .video
      }
    } else if begins(with: [0xFF, 0x0A]) || begins("JXL \r\n", at: 4) {
      self = .jxl
    } else if begins("jP  \r\n", at: 4) || begins(with: [0xFF, 0x4F, 0xFF, 0x51]) {
      self = .jp2
    } else if begins("GIF8") {
      self = .gif
    } else if begins("IIRO") || begins("IIRS") || begins("IIU\0") || begins("FUJIFILMCCD-RAW")
      || begins("CR", at: 8) && begins("II*\0") || begins("FOVb")
    {
      self = .raw
    } else if begins("II*\0") || begins("MM\0*") || begins("II+\0") || begins("MM\0+") {
      self = .tiff
    } else if begins("BM"), bytes.count >= 18, bytes[6..<10].allSatisfy({ $0 == 0 }) {
      self = .bmp
    } else if begins(with: [0, 0, 1, 0]) || begins(with: [0, 0, 2, 0]),
      bytes.count >= 6, bytes[4] != 0 || bytes[5] != 0
    {
      self = .ico
    } else if bytes.count >= 18, bytes[1] <= 1, [1, 2, 3, 9, 10, 11].contains(bytes[2]),
      [8, 15, 16, 24, 32].contains(bytes[16]), bytes[17] & 0xC0 == 0,
      bytes[1] == 1 || bytes[3..<8].allSatisfy({ $0 == 0 })
    {
      self = .tga
    } else if begins("icns") {
      self = .icns
    } else if begins("DDS ") {
      self = .dds
    } else if begins(with: [0x0A, 5, 1]) {
      self = .pcx
    } else if begins(with: [1, 0xDA]) {
      self = .sgi
    } else if begins("8BPS") {
      self = .psd
    } else if begins("%PDF") {
      self = .pdf
    } else if begins("%!PS") || begins(with: [0xC5, 0xD0, 0xD3, 0xC6]) {
      self = .postScript
    } else if begins(with: [0x76, 0x2F, 0x31, 0x01]) {
      self = .exr
    } else if begins("qoif") {
      self = .qoi
    } else if begins("PF\n") || begins("Pf\n") {
      self = .pfm
    } else if begins(with: [0x1A, 0x45, 0xDF, 0xA3]) || begins("moov", at: 4) {
      self = .video
    } else if begins(with: [0, 5, 0x16, 7]) {
      self = .appleDouble
    } else if begins(with: [0x8B]) && begins("GQZ", at: 1) {
      self = .gqz
    } else if begins(with: [0x1F, 0x8B]) || begins("PK\u{3}\u{4}") || begins("7z") {
      self = .archive
    } else {
      // Text: XML may stand in front of a drawing, with a mark of its order of bytes.
      let text = String(decoding: bytes.prefix(1024), as: UTF8.self).lowercased()
      let start = text.drop { $0.isWhitespace || $0 == "\u{FEFF}" }
      if start.hasPrefix("<svg") || start.hasPrefix("<?xml") && text.contains("<svg") {
        self = .svg
      } else if start.hasPrefix("<!doctype html") || start.hasPrefix("<html") {
        self = .html
      } else {
        return nil
      }
    }
  }

  /// What to do with such a file: a command for most of them.
  var advice: String {
    switch self {
    case .heic: "heif-convert in.heic out.png makes a PNG file of it"
    case .avif: "avifdec in.avif out.png makes a PNG file of it"
    case .jxl: "djxl in.jxl out.png makes a PNG file of it"
    case .jp2: "opj_decompress -i in.jp2 -o out.png makes a PNG file of it"
    case .gif, .tiff, .bmp, .ico, .tga, .icns, .dds, .pcx, .sgi, .psd, .exr, .qoi, .pfm:
      "magick 'in[0]' out.png (convert in ImageMagick 6) makes a PNG file of it"
    case .raw: "dcraw -c -w in > out.ppm makes a PPM file of it"
    case .pdf: "pdftoppm -png -r 150 in.pdf out makes PNG files of its pages"
    case .svg: "rsvg-convert in.svg -o out.png makes a PNG file of it"
    case .postScript: "gs -sDEVICE=png16m -r150 -o out.png in makes a PNG file of it"
    case .video: "ffmpeg -i in -frames:v 1 out.png makes a PNG file of its first frame"
    case .gqz: "gqimg decompress reads it"
    case .appleDouble: "the picture is in the file of the same name without ._"
    case .archive: "its content must be unpacked first"
    case .html: "it is a page, perhaps in place of a failed download"
    }
  }
}

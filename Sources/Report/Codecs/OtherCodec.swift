/// The codecs that this project's can be measured against.
package enum OtherCodec: String, CaseIterable, Sendable {
  case jpeg, webp, avif, jxl, heic

  /// The program that makes files, and the programs of which one reads them, newest name first; nil for the codec
  /// that is linked in.
  var programs: (encoder: String, decoders: [String])? {
    switch self {
    case .jpeg: nil
    case .webp: ("cwebp", ["dwebp"])
    case .avif: ("avifenc", ["avifdec"])
    case .jxl: ("cjxl", ["djxl"])
    case .heic: ("heif-enc", ["heif-dec", "heif-convert"])
    }
  }

  /// The Debian package with the programs.
  var debianPackage: String? {
    switch self {
    case .jpeg: nil
    case .webp: "webp"
    case .avif: "libavif-bin"
    case .jxl: "libjxl-tools"
    case .heic: "libheif-examples"
    }
  }

  /// What people call it.
  var title: String {
    switch self {
    case .jpeg: "JPEG"
    case .webp: "WebP"
    case .avif: "AVIF"
    case .jxl: "JPEG XL"
    case .heic: "HEIC"
    }
  }

  /// The codecs of a list of names, separated by commas; `none` is no codec.
  ///
  /// - Throws: `ReportError.unknownCodec`.
  package static func list(_ names: String) throws(ReportError) -> [OtherCodec] {
    if names == "none" { return [] }
    var list: [OtherCodec] = []
    for name in names.split(separator: ",", omittingEmptySubsequences: false) {
      guard let codec = OtherCodec(rawValue: String(name)) else {
        throw .unknownCodec(name: String(name), known: allCases.map(\.rawValue))
      }
      if !list.contains(codec) { list.append(codec) }
    }
    return list
  }

  /// All that are installed, as programs or in the Python package.
  package static func installed(python: PythonHelpers? = nil) -> [OtherCodec] {
    let programs = installed { ProgramPath.find($0) }
    return allCases.filter {
      programs.contains($0)
        || PythonCodec.codecs.contains($0) && python?.versions[$0.rawValue] != nil
    }
  }

  static func installed(find: (String) -> String?)
    -> [OtherCodec]
  {
    allCases.filter { codec in
      do throws(ReportError) {
        _ = try codec.paths(find: find)
        return true
      } catch {
        return false
      }
    }
  }

  /// The codec, ready to run: of the Python package where there is one, else of its programs.
  ///
  /// - Throws: `ReportError.notInstalled`.
  package func make(
    program: OwnProgram?, python: PythonHelpers? = nil, threads: Int = Machine.coreCount
  ) throws(ReportError) -> any PictureCodec {
    if let python, let codec = PythonCodec(self, helpers: python, threads: threads) {
      return codec
    }
    guard let (encoder, decoder) = try paths(find: { ProgramPath.find($0) }) else {
      return JPEGCodec(program: program)
    }
    switch self {
    case .webp: return WebPCodec(encoder: encoder, decoder: decoder)
    case .avif: return AVIFCodec(encoder: encoder, decoder: decoder)
    case .jxl: return JPEGXLCodec(encoder: encoder, decoder: decoder)
    case .heic: return HEICCodec(encoder: encoder, decoder: decoder)
    case .jpeg: return JPEGCodec(program: program)
    }
  }

  /// The paths of both programs; nil when none is needed.
  func paths(
    find: (String) -> String?
  ) throws(ReportError) -> (encoder: String, decoder: String)? {
    guard let programs, let debianPackage else { return nil }
    guard let encoder = find(programs.encoder) else {
      throw .notInstalled(
        codec: rawValue, program: programs.encoder, debianPackage: debianPackage)
    }
    guard let decoder = programs.decoders.lazy.compactMap(find).first else {
      throw .notInstalled(
        codec: rawValue, program: programs.decoders[0], debianPackage: debianPackage)
    }
    return (encoder, decoder)
  }
}

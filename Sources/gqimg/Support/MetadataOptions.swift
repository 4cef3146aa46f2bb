import ArgumentParser
import GQPixelIO

/// What metadata is left out.
struct MetadataOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Leave out metadata: a list of exif, gps, xmp, icc, all; without a list all but the ICC profile.",
      valueName: "parts"))
  var strip: StripList?

  var parts: Set<MetadataPart> { strip?.parts ?? [] }
}

/// A list of parts of metadata: "gps,xmp".
struct StripList: ExpressibleByArgument {
  /// What --strip without a list stands for: colours stay as they are.
  static let plain = "exif,xmp"

  let parts: Set<MetadataPart>

  init?(argument: String) {
    var parts: Set<MetadataPart> = []
    for name in argument.split(separator: ",", omittingEmptySubsequences: false) {
      if name == "all" {
        parts.formUnion(MetadataPart.allCases)
      } else if let part = MetadataPart(rawValue: String(name)) {
        parts.insert(part)
      } else {
        return nil
      }
    }
    self.parts = parts
  }
}

/// The colours of codecs: told apart by people with any colour vision as well as that many can be, on light and on dark.
struct MethodPalette {
  let light: String
  let dark: String

  /// The colours of a codec by its name.
  static func of(_ method: String) -> MethodPalette {
    switch method {
    case "gqimg": MethodPalette(light: "#2450c8", dark: "#8aaaff")
    case "gqimg-visual", "gqimg-psnr": MethodPalette(light: "#7a3fd0", dark: "#bd97ff")
    case "gqimg-uniform": MethodPalette(light: "#6f87c9", dark: "#5f78c4")
    case "gqimg-posterior-samples": MethodPalette(light: "#4a9bd1", dark: "#62b4ea")
    case "jpeg": MethodPalette(light: "#b45309", dark: "#f2a65a")
    case "webp": MethodPalette(light: "#0c8578", dark: "#45cfc0")
    case "avif": MethodPalette(light: "#b32aa0", dark: "#ee86de")
    case "jxl": MethodPalette(light: "#5b8c16", dark: "#a6d65e")
    case "heic": MethodPalette(light: "#c62a3c", dark: "#ff8088")
    default: MethodPalette(light: "#6b7078", dark: "#9aa0aa")
    }
  }
}

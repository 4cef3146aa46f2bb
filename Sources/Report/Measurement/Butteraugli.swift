import GQCodec
import Foundation
import GQMetrics
import GQPixelIO

/// Butteraugli's 3-norm by libjxl's program: how visible differences are, 0 for none.
package struct Butteraugli: Sendable {
  /// The program.
  static let program = "butteraugli_main"
  private let path: String
  /// The shortest side of a picture that it takes.
  private static let minimumSide = 8

  /// nil when the program is not installed.
  package init?() { self.init(path: ProgramPath.find(Self.program)) }

  init?(path: String?) {
    guard let path else { return nil }
    self.path = path
  }

  /// The norm of a decoded picture, laid over a grey where it or the original has alpha.
  func norm(_ source: SourcePicture, _ picture: Picture, background: UInt8) throws -> Double? {
    guard min(picture.width, picture.height) >= Self.minimumSide else { return nil }
    let (first, second) = (
      source.scratchFile("butteraugli-original.png"), source.scratchFile("butteraugli-decoded.png")
    )
    for (picture, path) in [(source.picture, first), (picture, second)] {
      try AtomicFile.write(
        try PNGWriter(compressionLevel: 1).write(picture.flattened(on: background)), to: path,
        overwrite: true)
    }
    let result = try ChildProcess(program: path, arguments: [first, second, "--pnorm", "3"]).run()
    return Self.norm(output: result.output)
  }

  /// The number of the line `3-norm: 1.234`.
  static func norm(output: String) -> Double? {
    for line in output.split(separator: "\n") where line.hasPrefix("3-norm:") {
      return Double(line.dropFirst("3-norm:".count).trimmingCharacters(in: .whitespaces))
    }
    return nil
  }
}

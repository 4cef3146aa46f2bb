import Foundation
import GQPixelIO

/// Turns SVG into PNG with librsvg's program: its text and curves are what a browser draws, for no code of our own.
package enum Rasteriser {
  /// The program.
  static let program = "rsvg-convert"
  /// Why there is no PNG, when the program is missing.
  package static let absence =
    "curves.png is left out: \(program) is not on the PATH; the Debian package librsvg2-bin has it"

  /// Makes a PNG file of an SVG file, two pixels for every unit; nil when the program is not installed.
  package static func png(_ svg: [UInt8]) throws -> [UInt8]? {
    guard let path = ProgramPath.find(program) else { return nil }
    let folder = try TemporaryFolder()
    let (input, output) = (folder.file("curves.svg"), folder.file("curves.png"))
    try AtomicFile.write(svg, to: input, overwrite: true)
    _ = try ChildProcess(
      program: path, arguments: ["--zoom", "2", "--output", output, input], timeout: 60
    ).run()
    return try FileReader.read(output, maxBytes: maximumFileBytes)
  }
}

import Foundation
import Testing

/// The gallery in `docs`, which `make gallery` makes.
@Suite struct GalleryTests {
  private static let docs = URL(filePath: #filePath).deletingLastPathComponent()
    .appending(path: "../../docs").standardized

  @Test func sheetsAreThereAndSmall() throws {
    let page = try String(contentsOf: Self.docs.appending(path: "gallery.md"), encoding: .utf8)
    let folder = Self.docs.appending(path: "gallery")
    let sheets = try FileManager.default.contentsOfDirectory(atPath: folder.path)
    #expect(sheets.count == 12)
    var total = 0
    for sheet in sheets {
      #expect(page.contains("](gallery/\(sheet))"), "\(sheet) is not on the page")
      total += try Data(contentsOf: folder.appending(path: sheet)).count
    }
    #expect(total < 2_000_000, "\(total) bytes")
    // Three qualities of each.
    #expect(page.components(separatedBy: "\n|").count - 1 == 12 * (2 + 3))
  }
}

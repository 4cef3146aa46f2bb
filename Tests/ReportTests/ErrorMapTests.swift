import GQCodec
import Foundation
import Testing

@testable import GQReport

@Suite struct ErrorMapTests {
  private func grey(_ width: Int, _ height: Int, _ value: (Int, Int) -> UInt8) -> Picture {
    Picture(
      width: width, height: height, colorType: .grey,
      samples: (0..<(width * height)).map { value($0 % width, $0 / width) })
  }

  @Test func errorsStandWhereTheyAre() throws {
    // 10 x 6 pixels are 3 x 2 squares, those at the edges smaller.
    let black = grey(10, 6) { _, _ in 0 }
    let other = grey(10, 6) { x, y in x >= 8 && y >= 4 ? 3 : x < 4 && y < 4 ? 200 : 0 }
    let map = ErrorMap(black, other)
    #expect(map.columns == 3 && map.rows == 2)
    #expect([UInt8](try #require(Data(base64Encoded: map.data))) == [255, 0, 0, 0, 0, 12])
  }

  @Test(arguments: [(0, 0), (120, 40), (203, 103)])
  func worstPlaceIsFound(x: Int, y: Int) {
    let black = grey(300, 200) { _, _ in 0 }
    let spot = grey(300, 200) { px, py in
      (x..<(x + 96)).contains(px) && (y..<(y + 96)).contains(py) ? 90 : px % 7 == 0 ? 9 : 0
    }
    let corner = ErrorMap(black, spot).worstCorner(width: 300, height: 200)
    #expect(abs(corner.x - x) < 4 && abs(corner.y - y) < 4)
    #expect(corner.x + 96 <= 300 && corner.y + 96 <= 200)
  }

  @Test func smallPicturesHaveAWorstPlaceToo() {
    let corner = ErrorMap(grey(9, 5) { _, _ in 0 }, grey(9, 5) { _, _ in 7 })
      .worstCorner(width: 9, height: 5)
    #expect(corner == CropCorner(x: 0, y: 0))
  }
}

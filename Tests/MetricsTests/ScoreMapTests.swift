import GQCodec
import Testing

@testable import GQMetrics

@Suite struct ScoreMapTests {
  private func pattern(_ width: Int, _ height: Int, _ change: (Int, Int) -> Int) -> Picture {
    Picture(
      width: width, height: height, colorType: .rgb,
      samples: (0..<(width * height * 3)).map { i in
        let (x, y) = (i / 3 % width, i / 3 / width)
        return UInt8(min(max((x * 7 + y * 5) % 160 + 40 + change(x, y), 0), 255))
      })
  }

  /// What the squares add up to is the distortion that the score is made of.
  @Test(arguments: [(96, 64, 8), (101, 77, 8), (70, 133, 4), (64, 64, 16)])
  func squaresAddUp(width: Int, height: Int, cell: Int) throws {
    let original = pattern(width, height) { _, _ in 0 }
    let picture = pattern(width, height) { x, y in (x * y) % 13 - 6 }
    let score = try #require(try SSIMULACRA2.score(original, picture))
    let map = try #require(try SSIMULACRA2(reference: original).map(picture, cell: cell))
    #expect(map.columns == (width + cell - 1) / cell && map.rows == (height + cell - 1) / cell)
    #expect(map.scores.count == map.columns * map.rows)
    let whole = SSIMULACRA2.score(distortion: map.distortions.reduce(0, +))
    #expect(abs(whole - score) < 1e-3)
  }

  @Test func differencesStandWhereTheyAre() throws {
    let original = pattern(128, 128) { _, _ in 0 }
    let picture = pattern(128, 128) { x, y in x >= 96 && y < 32 ? (x + y) % 2 * 60 - 30 : 0 }
    let map = try #require(try SSIMULACRA2(reference: original).map(picture, cell: 8))
    let worst = map.scores.indices.min { map.scores[$0] < map.scores[$1] } ?? 0
    #expect(worst % map.columns >= 11 && worst / map.columns <= 4)
    // Far away nothing differs.
    #expect(map.scores[(map.rows - 1) * map.columns] > 99)
    let same = try #require(try SSIMULACRA2(reference: original).map(original, cell: 8))
    #expect(same.scores.allSatisfy { $0 == 100 })
  }

  @Test func smallPicturesHaveNone() throws {
    let tiny = Picture(
      width: 4, height: 9, colorType: .grey, samples: [UInt8](repeating: 0, count: 36))
    #expect(try SSIMULACRA2(reference: tiny).map(tiny, cell: 8) == nil)
  }
}

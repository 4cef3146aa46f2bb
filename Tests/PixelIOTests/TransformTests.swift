import GQCodec
import Testing

@testable import GQPixelIO

@Suite struct TransformTests {
  @Test(arguments: [1, 2, 3, 7, 10, 29, 30, 100])
  func fittingKeepsMeansAndShape(side: Int) throws {
    var generator = SeededGenerator(seed: 8)
    let picture = Picture.noise(width: 30, height: 20, colorType: .grey, using: &generator)
    let small = picture.fitted(within: side)
    if side >= 30 {
      #expect(small == picture)
      return
    }
    #expect(small.width == side && small.height == max(1, (20 * side + 15) / 30))
    func mean(_ picture: Picture) -> Double {
      Double(picture.samples.reduce(0) { $0 + Int($1) }) / Double(picture.samples.count)
    }
    #expect(abs(mean(small) - mean(picture)) < 1)
  }

  @Test func fittingAveragesBlocks() {
    let picture = Picture(
      width: 4, height: 2, colorType: .rgb,
      samples: [0, 0, 0, 100, 0, 4, 10, 20, 30, 10, 20, 30, 200, 8, 0, 100, 0, 0] + [
        10, 20, 30, 10, 20, 30,
      ])
    let small = picture.fitted(within: 2)
    #expect(small.width == 2 && small.height == 1)
    #expect(small.samples == [100, 2, 1, 10, 20, 30])
  }

  @Test func fittingWeighsByAlpha() throws {
    let picture = Picture(
      width: 2, height: 2, colorType: .grey, samples: [200, 77, 99, 1], alpha: [255, 0, 0, 0])
    let small = picture.fitted(within: 1)
    #expect(small.samples == [200] && small.alpha == [64])
    let clear = Picture(
      width: 2, height: 1, colorType: .grey, samples: [200, 77], alpha: [0, 0])
    #expect(clear.fitted(within: 1).alpha == [0])
  }

  @Test func flatteningMixes() {
    let picture = Picture(
      width: 3, height: 1, colorType: .rgb, samples: [10, 20, 30, 10, 20, 30, 10, 20, 30],
      alpha: [255, 0, 51])
    let flat = picture.flattened(red: 255, green: 0, blue: 130)
    #expect(flat.alpha == nil)
    #expect(flat.samples == [10, 20, 30, 255, 0, 130, 206, 4, 110])
    let grey = Picture(width: 1, height: 1, colorType: .grey, samples: [9], alpha: [0])
    #expect(grey.flattened(red: 60, green: 60, blue: 60).samples == [60])
    // A coloured ground makes it coloured.
    let half = Picture(
      width: 2, height: 1, colorType: .grey, samples: [9, 9], alpha: [0, 51])
    let coloured = half.flattened(red: 255, green: 0, blue: 130)
    #expect(coloured.colorType == .rgb && coloured.samples == [255, 0, 130, 206, 2, 106])
    #expect(flat.flattened(red: 1, green: 2, blue: 3) == flat)
  }
}

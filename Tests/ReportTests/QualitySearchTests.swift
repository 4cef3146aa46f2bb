import Testing

@testable import GQReport

@Suite struct QualitySearchTests {
  /// Against trying every setting.
  @Test(arguments: [
    [10, 20, 30, 40, 50, 60, 70], [5], [100, 101], [7, 7, 7, 9, 9, 30],
  ])
  func findsTheLargestThatFits(sizes: [Int]) throws {
    for limit in 0...110 {
      let source = try SourcePicture.small()
      let file = try FakeCodec(sizes: sizes).encode(source, atMost: limit)
      let expected = sizes.filter { $0 <= limit }.max()
      #expect(file?.bytes.count == expected, "limit \(limit)")
    }
  }

  @Test func needsFewFiles() throws {
    let source = try SourcePicture.small()
    let codec = FakeCodec(sizes: (1...128).map { $0 * 10 })
    #expect(try codec.encode(source, atMost: 555)?.bytes.count == 550)
    #expect(codec.encodes <= 8)
    // What was made once is not made again.
    let before = codec.encodes
    #expect(try codec.encode(source, atMost: 555)?.bytes.count == 550)
    #expect(codec.encodes == before)
    #expect(try codec.encode(source, atMost: 600)?.bytes.count == 600)
    #expect(codec.encodes < before + 7)
  }

  /// Sizes that do not rise with every setting: never above the limit, and the same whatever was asked before.
  @Test func unevenSizesGiveRepeatableFiles() throws {
    let sizes = [10, 30, 25, 40, 35, 60, 55, 80]
    for limit in 10...90 {
      let fresh = try FakeCodec(sizes: sizes).encode(try SourcePicture.small(), atMost: limit)
      #expect((fresh?.bytes.count ?? 0) <= limit)
      let (codec, source) = (FakeCodec(sizes: sizes), try SourcePicture.small())
      for other in [90, 33, 58] { _ = try codec.encode(source, atMost: other) }
      #expect(try codec.encode(source, atMost: limit) == fresh)
    }
  }

  @Test func codecsDoNotShareFiles() throws {
    let source = try SourcePicture.small()
    let (one, two) = (FakeCodec(name: "a", sizes: [10]), FakeCodec(name: "b", sizes: [20]))
    #expect(try one.encode(source, atMost: 50)?.bytes.count == 10)
    #expect(try two.encode(source, atMost: 50)?.bytes.count == 20)
  }
}

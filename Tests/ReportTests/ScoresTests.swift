import Foundation
import GQCodec
import GQMetrics
import Testing

@testable import GQReport

@Suite struct ScoresTests {
  /// What cannot be seen on one ground is seen on the other.
  @Test func alphaIsComparedOnBlackAndOnWhite() throws {
    let count = 40 * 40
    func picture(_ value: UInt8, alpha: UInt8) -> Picture {
      Picture(
        width: 40, height: 40, colorType: .grey, samples: [UInt8](repeating: value, count: count),
        alpha: [UInt8](repeating: alpha, count: count))
    }
    let source = try SourcePicture(name: "a", picture: picture(0, alpha: 128))
    func scores(_ other: Picture) throws -> Scores {
      try Scores(of: source, decoded: other, codec: "x", butteraugli: nil)
    }
    // Black over black is black whatever its alpha, over white it is not.
    let alpha = try scores(picture(0, alpha: 64))
    #expect(abs(try #require(alpha.psnr) - 20 * log10(255.0 / 64)) < 0.1)
    #expect(try #require(alpha.ssimulacra2) < 90)
    // Opaque white in the place of half black: different on both.
    let opaque = Picture(
      width: 40, height: 40, colorType: .grey, samples: [UInt8](repeating: 255, count: count))
    #expect(try #require(scores(opaque).psnr) < 1)
    #expect(try scores(picture(0, alpha: 128)).psnr == nil)
    // The map of errors has the larger of both.
    let map = ErrorMap(source.picture, picture(0, alpha: 64))
    #expect(
      try #require(Data(base64Encoded: map.data)).allSatisfy { $0 == UInt8(min(64 * 4, 255)) })
  }

  @Test func butteraugliIsRead() throws {
    #expect(Butteraugli.norm(output: "3.0459551811\n3-norm: 1.321414\n") == 1.321414)
    #expect(Butteraugli.norm(output: "warning\n") == nil)
    #expect(Butteraugli(path: nil) == nil)
  }

  @Test(.enabled(if: Butteraugli() != nil, "butteraugli_main is not installed"))
  func butteraugliRises() throws {
    let source = try SourcePicture.small(rows: 40)
    let butteraugli = try #require(Butteraugli())
    func norm(_ difference: UInt8) throws -> Double {
      let picture = Picture(
        width: 32, height: 40, colorType: .rgb,
        samples: source.picture.samples.enumerated().map {
          $0.offset % 7 == 0 ? $0.element + difference : $0.element
        })
      return try #require(try butteraugli.norm(source, picture, background: 0))
    }
    let (none, little, much) = (try norm(0), try norm(8), try norm(40))
    #expect(none == 0 && little > 0 && much > little)
    // Too small for the program.
    let tiny = try SourcePicture.small(rows: 4)
    #expect(try butteraugli.norm(tiny, tiny.picture, background: 0) == nil)
  }
}

import GQBitstream
import GQCodec
import Foundation
import GQModel
import GQPixelIO
import Testing

/// Every file that ever made a reader trap, hang or take too much memory, read again.
@Suite struct MalformedFileTests {
  static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .appendingPathComponent("../../testdata/malformed").standardized
  static let names = ((try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? [])
    .sorted()

  @Test func thereAreSome() { #expect(Self.names.count >= 10) }

  @Test(arguments: names)
  func isRefusedOrRead(_ name: String) throws {
    let bytes = [UInt8](try Data(contentsOf: Self.folder.appendingPathComponent(name)))
    let start = ContinuousClock.now
    switch (name as NSString).pathExtension {
    case "gqz":
      let decoder = GQDecoder(network: try makeTinyNetwork())
      for isRecovering in [false, true] {
        do {
          _ = isRecovering ? try decoder.recover(bytes).picture : try decoder.decode(bytes)
        } catch let error as BitstreamError {
          #expect(!error.description.isEmpty)
        } catch let error as CodecError {
          #expect(!error.description.isEmpty)
        }
      }
    case "safetensors":
      #expect(throws: ModelError.self) { try Network(parsing: bytes) }
    default:
      do throws(PixelIOError) { _ = try PictureReader().open(bytes) } catch {
        #expect(!error.description.isEmpty)
      }
    }
    #expect(ContinuousClock.now - start < .seconds(60))
  }

  /// What readers refuse is not written either.
  @Test func hugePicturesAreRefused() throws {
    let wide = Picture(
      width: 70_000, height: 1, colorType: .grey, samples: Array(repeating: 9, count: 70_000))
    #expect(
      throws: BitstreamError.limitExceeded(what: "picture side", found: 70_000, limit: 65_535)
    ) {
      try makeEncoder().encode(wide)
    }
  }
}

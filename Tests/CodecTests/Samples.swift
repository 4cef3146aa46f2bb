import Codec
import Foundation
import Model
import PixelIO

/// The shipped model, loaded once.
let network: Network = {
  do {
    return try Network(parsing: try ModelFile.read(), pool: WorkerPool(threadCount: 2))
  } catch {
    fatalError("the model does not load: \(error)")
  }
}()

func makeEncoder() -> GQEncoder { GQEncoder(network: network) }

func makeDecoder() -> GQDecoder { GQDecoder(network: network) }

/// A picture of `testdata`.
func samplePicture(_ name: String) throws -> Picture {
  let path = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .appendingPathComponent("../../testdata/\(name)").standardized.path
  return try PictureReader().read(try FileReader.read(path, maxBytes: 1 << 24))
}

extension Picture {
  /// A part of the picture.
  func cropped(x: Int, y: Int, width: Int, height: Int) -> Picture {
    let components = colorType.componentCount
    var part: [UInt8] = []
    for row in y..<y + height {
      let start = (row * self.width + x) * components
      part += samples[start..<start + width * components]
    }
    return Picture(width: width, height: height, colorType: colorType, samples: part)
  }
}

import GQCodec
import Foundation
import GQModel
import GQPixelIO

/// The shipped model, loaded once.
let network: Network = {
  do {
    return try Network(parsing: try ModelFile.read(), pool: WorkerPool(threadCount: 2))
  } catch {
    fatalError("the model does not load: \(error)")
  }
}()

/// A model of few channels and random weights, made by `training/golden/make_tiny.py`: quick, and never trained anew.
func makeTinyNetwork(_ tuning: Tuning = .visual, threads: Int = 1) throws -> Network {
  let path = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .appendingPathComponent("../../testdata/tiny.safetensors").standardized.path
  return try Network(
    parsing: try ModelFile.read(path), tuning: tuning, pool: WorkerPool(threadCount: threads))
}

/// A picture of waves and edges, different everywhere.
func madeUpPicture(width: Int, height: Int) -> Picture {
  var samples: [UInt8] = []
  for y in 0..<height {
    for x in 0..<width {
      let edge = (x / 37 + y / 23) % 2 == 0 ? 30 : 0
      samples.append(UInt8((x * 5 / 4 + y + edge) % 200))
      samples.append(UInt8((x / 3 + 2 * y + edge) % 220))
      samples.append(UInt8((x + y / 2 + (x * y) % 31) % 240))
    }
  }
  return Picture(width: width, height: height, colorType: .rgb, samples: samples)
}

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

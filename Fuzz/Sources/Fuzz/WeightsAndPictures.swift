import GQCodec
import GQModel
import GQPixelIO

/// Any bytes as a weights file.
func fuzzSafetensors(_ bytes: [UInt8]) {
  do throws(ModelError) {
    let file = try Safetensors(parsing: bytes)
    for name in file.names {
      do throws(ModelError) { _ = try file.floats(name) } catch { _ = try? file.integers(name) }
    }
    _ = try ModelConfiguration(from: file)
    _ = try Network(parsing: bytes, pool: WorkerPool(threadCount: 1))
  } catch {
    precondition(!error.description.isEmpty)
  }
}

/// Any bytes as a PNG, JPEG, WebP or Netpbm file.
func fuzzPictures(_ bytes: [UInt8]) {
  let reader = PictureReader(
    limits: PictureLimits(maxPixels: 1 << 18, maxMetadataBytes: 1 << 16))
  do throws(PixelIOError) {
    let picture = try reader.open(bytes).picture
    precondition(picture.width * picture.height <= 1 << 18)
  } catch {
    precondition(!error.description.isEmpty)
  }
}

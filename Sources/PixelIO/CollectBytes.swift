internal import CPixelIO

/// Runs a writer of the C layer and takes the bytes it made.
func collectBytes(
  _ format: PictureFormat,
  _ write: (_ buffer: inout gq_buffer, _ message: UnsafeMutablePointer<CChar>) -> CInt
) throws(PixelIOError) -> [UInt8] {
  var buffer = gq_buffer()
  defer { gq_buffer_free(&buffer) }
  do throws(PixelIOError) {
    try check(format) { message in write(&buffer, message) }
  } catch {
    switch error {
    case .damaged(let format, let detail), .unsupported(let format, .other(let detail)):
      throw .notWritable(format, detail: detail)
    default:
      throw error
    }
  }
  return Array(UnsafeBufferPointer(start: buffer.bytes, count: buffer.count))
}

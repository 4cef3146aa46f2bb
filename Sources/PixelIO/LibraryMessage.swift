internal import CGQPixelIO

/// Runs one call of the C layer with room for its message.
///
/// Returns nothing when the call's status is good, else throws the error that status and message
/// stand for. The only place where a status becomes an error.
func check(
  _ format: PictureFormat, _ call: (_ message: UnsafeMutablePointer<CChar>) -> CInt
) throws(PixelIOError) {
  var text = [CChar](repeating: 0, count: Int(GQ_MESSAGE_SIZE))
  let status = text.withUnsafeMutableBufferPointer { buffer in
    buffer.baseAddress.map(call) ?? CInt(GQ_OUT_OF_MEMORY)
  }
  guard status != GQ_OK else { return }
  let bytes = text.prefix { $0 != 0 }.map(UInt8.init(bitPattern:))
  let message = String(decoding: bytes, as: UTF8.self)
  switch Int(status) {
  case GQ_TRUNCATED: throw .truncated(format, detail: message)
  case GQ_UNSUPPORTED: throw .unsupported(format, .other(message))
  case GQ_OUT_OF_MEMORY: throw .outOfMemory(format)
  default: throw .damaged(format, detail: message)
  }
}

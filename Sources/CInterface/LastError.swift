import CGQImg
import GQBitstream
import GQCodec
import GaussianQuant
import GQModel

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// The error of each thread's last call.
enum LastError {
  /// A thread's message, freed when the thread ends.
  private static let key: pthread_key_t = {
    var key = pthread_key_t()
    guard pthread_key_create(&key, { free($0) }) == 0 else {
      fatalError("no room for another thread-local value")
    }
    return key
  }()

  nonisolated(unsafe) private static let empty: UnsafePointer<CChar> = {
    let text = UnsafeMutablePointer<CChar>.allocate(capacity: 1)
    text.pointee = 0
    return UnsafePointer(text)
  }()

  static var message: UnsafePointer<CChar> {
    guard let text = pthread_getspecific(key) else { return empty }
    return UnsafePointer(text.assumingMemoryBound(to: CChar.self))
  }

  static func set(_ message: String?) {
    free(pthread_getspecific(key))
    pthread_setspecific(key, message.flatMap { strdup($0) })
  }
}

/// An argument that C should not have given.
struct InvalidArgument: Error, CustomStringConvertible {
  let description: String
  init(_ description: String) { self.description = description }
}

/// The system refused memory.
struct OutOfMemory: Error, CustomStringConvertible {
  let byteCount: Int
  var description: String { "out of memory: could not allocate \(byteCount) bytes" }
}

/// Bytes from outside that are not what they should be, whatever found it.
struct Damaged: Error, CustomStringConvertible {
  let description: String
}

/// Something in bytes from outside that is larger than is accepted, whatever found it.
struct LimitExceeded: Error, CustomStringConvertible {
  let description: String
}

/// Runs `body`; what it throws becomes a status and the thread's message.
func status(_ body: () throws -> Void) -> gqimg_status {
  LastError.set(nil)
  do {
    try body()
    return gqimg_status(GQIMG_OK)
  } catch {
    LastError.set("\(error)")
    return gqimg_status(code(error))
  }
}

private func code(_ error: any Error) -> Int {
  switch error {
  case is OutOfMemory, GaussianQuantError.outOfMemory, CodecError.outOfMemory: GQIMG_OUT_OF_MEMORY
  case is LimitExceeded, TokenError.limitExceeded: GQIMG_LIMIT_EXCEEDED
  case is Damaged, is TokenError: GQIMG_DAMAGED
  case is InvalidArgument, is GaussianQuantError: GQIMG_INVALID_ARGUMENT
  case ModelError.noModel: GQIMG_NO_MODEL
  case is ModelError: GQIMG_MODEL_FAILURE
  case BitstreamError.limitExceeded: GQIMG_LIMIT_EXCEEDED
  case is BitstreamError: GQIMG_DAMAGED
  case CodecError.wrongModel: GQIMG_WRONG_MODEL
  case CodecError.incompatible: GQIMG_DAMAGED
  case CodecError.targetTooSmall, CodecError.noRoomForAttachments: GQIMG_TARGET_TOO_SMALL
  case CodecError.metadataTooLarge: GQIMG_LIMIT_EXCEEDED
  case CodecError.badOption: GQIMG_INVALID_ARGUMENT
  default: GQIMG_FAILURE
  }
}

/// A pointer that must be there.
func required<Pointer>(_ pointer: Pointer?, _ name: String) throws(InvalidArgument) -> Pointer {
  guard let pointer else { throw InvalidArgument("\(name) is NULL") }
  return pointer
}

/// A copy that C frees; at least one byte, so that it is never NULL.
func allocate(_ bytes: [UInt8]) throws(OutOfMemory) -> UnsafeMutablePointer<UInt8> {
  guard let copy = malloc(max(bytes.count, 1)) else { throw OutOfMemory(byteCount: bytes.count) }
  bytes.withUnsafeBytes { if let source = $0.baseAddress { memcpy(copy, source, bytes.count) } }
  return copy.assumingMemoryBound(to: UInt8.self)
}

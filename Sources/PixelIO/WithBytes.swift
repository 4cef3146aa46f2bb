/// Calls `body` with the address of bytes, which must not be empty.
func withBytes<Result>(
  _ bytes: [UInt8],
  _ body: (_ start: UnsafePointer<UInt8>, _ count: Int) throws(PixelIOError) -> Result
) throws(PixelIOError) -> Result {
  try bytes.withUnsafeBufferPointer { (buffer) throws(PixelIOError) in
    guard let start = buffer.baseAddress, !buffer.isEmpty else {
      throw PixelIOError.unknownFormat(firstBytes: [])
    }
    return try body(start, buffer.count)
  }
}

/// Calls `body` with the address of bytes, nil when there are none.
func withOptionalBytes<Result>(
  _ bytes: [UInt8], _ body: (_ start: UnsafePointer<UInt8>?) -> Result
) -> Result {
  bytes.withUnsafeBufferPointer { body($0.isEmpty ? nil : $0.baseAddress) }
}

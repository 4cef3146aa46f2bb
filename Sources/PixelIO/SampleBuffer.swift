/// Makes an array of samples that `fill` writes in whole, without zeroing it first.
///
/// Memory that no one touches costs nothing, so a small file that claims to be a large picture
/// fails before it has used much.
func makeSamples(
  _ format: PictureFormat, count: Int,
  fill: (_ samples: UnsafeMutablePointer<UInt8>) throws(PixelIOError) -> Void
) throws(PixelIOError) -> [UInt8] {
  guard hasMemory(count) else { throw .outOfMemory(format) }
  var failure: PixelIOError?
  let samples = [UInt8](unsafeUninitializedCapacity: count) { buffer, initializedCount in
    guard let start = buffer.baseAddress else { return }
    do throws(PixelIOError) {
      try fill(start)
      initializedCount = count
    } catch {
      failure = error
    }
  }
  if let failure { throw failure }
  return samples
}
